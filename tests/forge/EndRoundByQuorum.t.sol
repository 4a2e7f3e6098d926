// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {Entry, ITask, Phase, RoundResult, Vote} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/libraries/BcflErrors.sol";
import {SignatureWallet} from "../../contracts/mocks/SignatureWallet.sol";

contract EndRoundByQuorumTest is Base {
    address internal generator;

    /// @dev Everybody but erin works.
    function setUp() public override {
        super.setUp();
        _openFirstRound();
        _warpToDeadline();
        for (uint256 i; i < 4; ++i) {
            _submit(clients[i]);
        }
        _warpToWindow(0);
        generator = _state().generator;
    }

    function _end(address caller, RoundResult memory result, Vote[] memory votes) private {
        vm.prank(caller);
        task.endRoundByQuorum(result, votes);
    }

    function _expectRefusal(bytes memory reason, RoundResult memory result, Vote[] memory votes) private {
        vm.expectRevert(reason);
        _end(generator, result, votes);
    }

    function _four() private view returns (address[] memory list) {
        list = new address[](4);
        for (uint256 i; i < 4; ++i) {
            list[i] = clients[i];
        }
    }

    function _notAscending(address previous, address next) private pure returns (bytes memory) {
        return abi.encodeWithSelector(BcflErrors.Task_NotAscending.selector, previous, next);
    }

    // ------------------------------------------------------------------------------------------------ who and when

    function test_RevertWhen_ItIsNotTheCallersWindow() external {
        Vote[] memory votes = _votes(clients, _result());
        vm.expectRevert(
            abi.encodeWithSelector(BcflErrors.Task_NotProposer.selector, owner, Phase.GeneratorProposing)
        );
        _end(owner, _result(), votes);
    }

    function test_RevertGiven_TheRoundHasExpired() external {
        Vote[] memory votes = _votes(clients, _result());
        _warpToWindow(3);
        _expectRefusal(_wrongPhase(Phase.Expired), _result(), votes);
    }

    function test_RevertWhen_TheHashIsZero() external {
        RoundResult memory result = RoundResult(0, _addresses(), _addresses());
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_ZeroModelHash.selector), result, _votes(clients, result)
        );
    }

    function test_GivenTheLaterWindows_RunnerUpAndWorkersEndTheRound() external {
        Vote[] memory votes = _votes(clients, _result());
        uint256 snapshot = vm.snapshotState();
        address runnerUp = _state().runnerUp;
        _warpToWindow(1);
        _end(runnerUp, _result(), votes);
        assertFalse(_state().isOpen);

        vm.revertToState(snapshot);
        _warpToWindow(2);
        address worker = clients[0];
        _end(worker, _result(), votes);
        assertEq(task.globalModel(), MODEL);
    }

    // ------------------------------------------------------------------------------------------------ votes

    function test_RevertWhen_VotesDoNotAscend() external {
        Vote[] memory votes = _votes(clients, _result());
        (votes[1], votes[2]) = (votes[2], votes[1]);
        _expectRefusal(_notAscending(carol, bob), _result(), votes);
        votes[1] = votes[0];
        _expectRefusal(_notAscending(alice, alice), _result(), votes);
        votes[0].signer = address(0);
        _expectRefusal(_notAscending(address(0), address(0)), _result(), votes);
    }

    function test_RevertWhen_ASignerIsNotHired() external {
        Vote[] memory votes = new Vote[](1);
        votes[0] = Vote(mallory, "");
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_NotHired.selector, mallory, 1), _result(), votes);
    }

    function test_RevertWhen_VotesAreNotMoreThanTwoThirdsOfTheHired() external {
        // Of five hired clients three are too few, four are enough: erin's silence counts against the quorum.
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, 3, 5),
            _result(),
            _votes(_addresses(alice, bob, carol), _result())
        );
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, 0, 5), _result(), new Vote[](0)
        );
        _end(generator, _result(), _votes(_four(), _result()));
        assertFalse(_state().isOpen);
    }

    function test_WhenASignatureDoesNotHold_ItCountsForNothing() external {
        Vote[] memory votes = _votes(_four(), _result());
        votes[0].signature = votes[1].signature; // another's
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, 3, 5), _result(), votes);
        votes[0].signature = "short";
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, 3, 5), _result(), votes);
        votes[0].signature = "";
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, 3, 5), _result(), votes);
        votes[0] = _vote(alice, RoundResult(keccak256("junk"), _addresses(), _addresses()));
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, 3, 5), _result(), votes);

        Vote[] memory all = _votes(clients, _result());
        all[0].signature = "";
        vm.expectEmit(address(task));
        emit ITask.RoundEnded(1, MODEL, 4, 30e15 + _dust());
        _end(generator, _result(), all);
    }

    function test_VotesAreSignedOverTheDigestOfEip712() external {
        RoundResult memory result = _result(_addresses(alice), _addresses(bob, erin));
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("BCFL Task"),
                keccak256("1"),
                block.chainid,
                task
            )
        );
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "RoundResult(uint32 round,bytes32 seed,bytes32 modelHash,address[] rejected,address[] forfeited,uint32 nonce)"
                ),
                uint32(1),
                _state().seed,
                MODEL,
                keccak256(abi.encode(alice)),
                keccak256(bytes.concat(abi.encode(bob), abi.encode(erin))),
                uint32(7)
            )
        );
        assertEq(task.voteDigest(result, 7), keccak256(abi.encodePacked(hex"1901", domain, structHash)));
    }

    // ------------------------------------------------------------------------------------------------ ending

    function _dust() private view returns (uint256) {
        return 4 * (uint256(TRAINING_CAP) + MINING_CAP) - task.ledger().claimable;
    }

    function test_EndsTheRoundAndRefundsWhatNobodyEarned() external {
        uint256 earned = task.ledger().claimable;
        Vote[] memory votes = _votes(clients, _result());
        vm.expectEmit(address(task));
        emit ITask.RoundEnded(1, MODEL, 5, 150e15 - earned);
        _end(generator, _result(), votes);

        assertEq(task.globalModel(), MODEL);
        assertFalse(_state().isOpen);
        assertEq(_state().endedAt, block.timestamp);
        assertPhase(Phase.Joining);
        assertEq(_pendingOf(alice), 0);
        assertEq(_claimableOf(alice), earned / 4);
        assertEq(_claimableOf(erin), 0);
        assertLedger(0, earned, 0, 450e15 - earned, 5 * BOND);
    }

    function test_WhenWorkIsRejected_ItsPayGoesBackToTheOwner() external {
        uint256 pay = _pendingOf(alice);
        RoundResult memory result = _result(_addresses(alice, bob), _addresses());
        Vote[] memory votes = _votes(clients, result);
        vm.expectEmit(address(task));
        emit ITask.WorkRejected(1, alice, pay);
        vm.expectEmit(address(task));
        emit ITask.WorkRejected(1, bob, pay);
        vm.expectEmit(address(task));
        emit ITask.RoundEnded(1, MODEL, 5, 150e15 - 2 * pay);
        _end(generator, result, votes);

        assertEq(_claimableOf(alice), 0);
        assertEq(_claimableOf(carol), pay);
        assertTrue(task.clientState(alice).isMember);
        assertFalse(task.listState().isStale);
        assertLedger(0, 2 * pay, 0, 450e15 - 2 * pay, 5 * BOND);
    }

    function test_WhenABondIsForfeited_ItIsBurntAndThePayGoesBack() external {
        uint256 pay = _pendingOf(alice);
        RoundResult memory result = _result(_addresses(), _addresses(alice, erin));
        Vote[] memory votes = _votes(clients, result);
        vm.expectEmit(address(task));
        emit ITask.BondForfeited(1, alice, BOND, pay);
        vm.expectEmit(address(task));
        emit ITask.BondForfeited(1, erin, BOND, 0);
        _end(generator, result, votes);

        assertFalse(task.clientState(alice).isMember);
        assertFalse(task.clientState(erin).isMember);
        assertTrue(task.listState().isStale);
        assertEq(task.ledger().burnt, 2 * BOND);
        assertLedger(0, 3 * pay, 0, 450e15 - 3 * pay, 3 * BOND);
    }

    function test_WhenAClientIsRejectedAndForfeited_ItsPayGoesBackOnce() external {
        uint256 pay = _pendingOf(alice);
        RoundResult memory result = _result(_addresses(alice), _addresses(alice));
        Vote[] memory votes = _votes(clients, result);
        vm.expectEmit(address(task));
        emit ITask.WorkRejected(1, alice, pay);
        vm.expectEmit(address(task));
        emit ITask.BondForfeited(1, alice, BOND, 0);
        _end(generator, result, votes);
        assertLedger(0, 3 * pay, 0, 450e15 - 3 * pay, 4 * BOND);
    }

    function test_WhenAClientIsForfeited_EarlierPayStaysItsOwn() external {
        _end(generator, _result(), _votes(clients, _result()));
        uint256 earned = _claimableOf(alice);
        _openNextRound();
        _work(clients);
        RoundResult memory result = _result(_addresses(), _addresses(alice));
        _endByQuorum(result);
        assertEq(_claimableOf(alice), earned);
        _claim(alice);
        assertLedger();
    }

    function test_WhenAListedClientWithoutCapIsForfeited_ItsBondIsBurnt() external {
        _end(generator, _result(), _votes(clients, _result()));
        Entry[] memory entries = _entries(clients, TRAINING_CAP);
        entries[4] = Entry(erin, 0, 0);
        _post(entries);
        _openNextRound();
        _work(_four());
        RoundResult memory result = _result(_addresses(), _addresses(erin));
        Vote[] memory votes = _votes(_four(), result);
        _end(_state().generator, result, votes);
        assertFalse(task.clientState(erin).isMember);
        assertEq(task.ledger().burnt, BOND);
        assertLedger();
    }

    function test_GivenAClientWasForfeited_TheListIsStaleAndItMayJoinAnew() external {
        _endByQuorum(_result(_addresses(), _addresses(alice)));
        _join(alice);
        _warpToFrozen();
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_ListStale.selector, 1));
        vm.prank(owner);
        task.openRound(1);
        _post(clients);
        _open();
        assertLedger();
    }

    function test_RevertWhen_TheRejectedDoNotAscend() external {
        RoundResult memory result = _result(_addresses(bob, alice), _addresses());
        _expectRefusal(_notAscending(bob, alice), result, _votes(clients, result));
        result = _result(_addresses(bob, bob), _addresses());
        _expectRefusal(_notAscending(bob, bob), result, _votes(clients, result));
    }

    function test_RevertWhen_ARejectedClientDidNotWork() external {
        bytes4 selector = BcflErrors.Task_NothingToReject.selector;
        RoundResult memory result = _result(_addresses(erin), _addresses());
        _expectRefusal(abi.encodeWithSelector(selector, erin, 1), result, _votes(clients, result));
        result = _result(_addresses(mallory), _addresses());
        _expectRefusal(abi.encodeWithSelector(selector, mallory, 1), result, _votes(clients, result));
    }

    function test_RevertWhen_TheForfeitedDoNotAscend() external {
        RoundResult memory result = _result(_addresses(), _addresses(bob, alice));
        _expectRefusal(_notAscending(bob, alice), result, _votes(clients, result));
        result = _result(_addresses(), _addresses(bob, bob));
        _expectRefusal(_notAscending(bob, bob), result, _votes(clients, result));
    }

    function test_RevertWhen_AForfeitedClientIsNotListed() external {
        RoundResult memory result = _result(_addresses(), _addresses(mallory));
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_NotListed.selector, mallory, 1), result, _votes(clients, result)
        );
    }
}

/// @notice Signers that are contracts.
contract EndRoundByQuorumWalletTest is Base {
    SignatureWallet internal wallet;
    address internal key;

    function setUp() public override {
        super.setUp();
        uint256 secret;
        (key, secret) = makeAddrAndKey("wallet key");
        wallet = new SignatureWallet(key);
        keyOf[address(wallet)] = secret; // `_vote` signs with the wallet's key
        vm.deal(address(wallet), 1 ether);
        clients.push(address(wallet));
        clients = _sorted(clients);
        terms.budget = 180e15;
        terms.miningBudget = 30e15;
        _use(terms);
        _openFirstRound();
        _work(clients);
    }

    /// @dev Four of six are not more than 2/3, so the wallet's vote decides.
    function _votesOfFive(RoundResult memory result) private view returns (Vote[] memory votes) {
        votes = new Vote[](5);
        uint256 count;
        uint256 others;
        for (uint256 i; i < clients.length; ++i) {
            if (clients[i] != address(wallet) && ++others > 4) continue;
            votes[count++] = _vote(clients[i], result);
        }
    }

    function _end(bool isEnough) private {
        Vote[] memory votes = _votesOfFive(_result());
        address generator = _state().generator;
        if (!isEnough) vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_QuorumMissed.selector, 4, 6));
        vm.prank(generator);
        task.endRoundByQuorum(_result(), votes);
        assertEq(_state().isOpen, !isEnough);
        assertLedger();
    }

    function test_WhenTheWalletSaysYes_ItCounts() external {
        _end(true);
    }

    function test_WhenTheWalletSaysNo_ItCountsForNothing() external {
        wallet.setManner(SignatureWallet.Manner.Refuses);
        _end(false);
    }

    function test_WhenTheWalletReverts_ItCountsForNothing() external {
        wallet.setManner(SignatureWallet.Manner.Reverts);
        _end(false);
    }

    function test_WhenTheWalletGarblesItsAnswer_ItCountsForNothing() external {
        wallet.setManner(SignatureWallet.Manner.Garbles);
        _end(false);
    }

    function test_WhenTheWalletsKeyDidNotSign_ItCountsForNothing() external {
        keyOf[address(wallet)] = keyOf[alice];
        _end(false);
    }

    function test_WhenTheWalletBurnsItsGas_ItCountsForNothingAndTheOthersEndTheRound() external {
        wallet.setManner(SignatureWallet.Manner.BurnsGas);
        Vote[] memory votes = _votes(clients, _result());
        address generator = _state().generator;
        vm.prank(generator);
        task.endRoundByQuorum{gas: 600_000}(_result(), votes);
        assertFalse(_state().isOpen);
        assertGt(_claimableOf(alice), 0);
    }
}
