"""Off-chain half of the incentive mechanism for blockchain-based federated learning."""
