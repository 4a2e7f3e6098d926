// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "../Base.t.sol";
import {Ballot, ITask, RoundResult, WalletVote} from "../../../contracts/interfaces/ITask.sol";
import {SignatureWallet} from "../../../contracts/mocks/SignatureWallet.sol";

/// @notice A thousand hired, most of them ERC-1271 contracts of the cheapest kind, agree on a round; the others are accounts
/// that sent junk. The verdict on these has to fit into one transaction, or junk is paid.
contract WalletQuorumAttacksTest is Base {
    uint256 private constant TRANSACTION_GAS = 16_777_216; // EIP-7825

    function setUp() public override {
        vm.pauseGasMetering();
        super.setUp();
    }

    function test_Attack_FortyJunkUpdatesMakeTheVerdictOfWalletsTooDear() external {
        _assertVerdictFits(960, 40, false);
    }

    function test_Attack_AThirdOfTheListMakesTheVerdictOfWalletsTooDear() external {
        _assertVerdictFits(670, 330, true);
    }

    // ------------------------------------------------------------------------------------------------ helpers

    /// @dev With the fewest votes that end the round: its call data, 21,000 and what it executes.
    function _assertVerdictFits(uint256 wallets, uint256 junk, bool isForfeited) private {
        address[] memory liars = _openWith(wallets, junk);
        RoundResult memory result = _result(liars, isForfeited ? liars : _addresses());
        WalletVote[] memory votes = new WalletVote[]((wallets + junk) * 2 / 3 + 1);
        bytes32 digest = task.voteDigest(result, 0);
        uint256 count;
        for (uint256 i; count < votes.length; ++i) {
            if (clients[i].code.length == 0) continue;
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf[clients[i]], digest);
            votes[count++] = WalletVote(clients[i], abi.encodePacked(r, s, v));
        }
        bytes memory data = abi.encodeCall(ITask.endRoundByQuorum, (result, new Ballot[](0), votes));
        uint256 gas = 21_000;
        for (uint256 i; i < data.length; ++i) {
            gas += data[i] == 0 ? 4 : 16;
        }
        _warpToWindow(2); // any worker may
        vm.cool(address(task));
        for (uint256 i; i < clients.length; ++i) {
            vm.cool(clients[i]);
        }
        vm.prank(votes[0].signer);
        vm.resumeGasMetering();
        (bool success,) = address(task).call(data);
        vm.pauseGasMetering();
        assertTrue(success, "ended");
        // Of the call's own frame: a difference of gasleft() has this test's memory in it.
        assertLe(gas + vm.lastCallGas().gasTotalUsed, TRANSACTION_GAS, "one transaction holds the verdict");
    }

    /// @dev All have worked. Returns the accounts; the wallets stand in `clients` beside them.
    function _openWith(uint256 wallets, uint256 junk) private returns (address[] memory liars) {
        uint256 hired = wallets + junk;
        terms.budget = uint80(30e15 * hired);
        terms.miningBudget = uint80(5e15 * hired);
        terms.maxClients = 1000;
        vm.deal(owner, 10_000 ether);
        _use(terms);
        _makeClients(junk);
        liars = clients;
        for (uint256 i; i < wallets; ++i) {
            (address signer, uint256 key) = makeAddrAndKey(string.concat("wallet ", vm.toString(i)));
            address wallet = address(new SignatureWallet(signer));
            keyOf[wallet] = key;
            vm.deal(wallet, 1 ether);
            clients.push(wallet);
        }
        clients = _sorted(clients);
        _openFirstRound();
        _work(clients);
    }
}
