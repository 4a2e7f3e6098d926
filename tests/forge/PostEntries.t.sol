// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Base} from "./Base.t.sol";
import {ClientState, Entry, ITask, ListState, Phase, Policy, Report} from "../../contracts/interfaces/ITask.sol";
import {BcflErrors} from "../../contracts/interfaces/BcflErrors.sol";
import {Prices} from "../../contracts/libraries/Prices.sol";

contract PostEntriesTest is Base {
    function setUp() public override {
        super.setUp();
        _joinAll();
    }

    /// @dev Calls as the owner and expects to be refused.
    function _expectRefusal(bytes memory reason, uint32 version, uint32 size, Entry[] memory entries) private {
        vm.expectRevert(reason);
        vm.prank(owner);
        task.postEntries(version, size, entries);
    }

    function _expectRefusal(bytes memory reason, Entry memory entry) private {
        _expectRefusal(reason, 1, 5, _one(entry));
    }

    function _one(Entry memory entry) private pure returns (Entry[] memory entries) {
        entries = new Entry[](1);
        entries[0] = entry;
    }

    function _two(Entry memory a, Entry memory b) private pure returns (Entry[] memory entries) {
        entries = new Entry[](2);
        (entries[0], entries[1]) = (a, b);
    }

    function _hashOf(bytes32 before, Entry[] memory entries) private pure returns (bytes32 hash) {
        hash = before;
        for (uint256 i; i < entries.length; ++i) {
            hash = keccak256(abi.encode(hash, entries[i].client, entries[i].trainingCap, entries[i].trainingFrequency));
        }
    }

    function _error(bytes4 selector, address a, uint256 b, uint256 c) private pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, a, b, c);
    }

    // ------------------------------------------------------------------------------------------------ who and when

    function test_RevertWhen_TheCallerIsNotTheOwner() external {
        Entry[] memory entries = _entries(clients, TRAINING_CAP);
        vm.expectRevert(_notOwner(mallory));
        vm.prank(mallory);
        task.postEntries(1, 5, entries);
    }

    function test_RevertGiven_ARoundIsOpen() external {
        _warpToFrozen();
        _post(clients);
        _open();
        _expectRefusal(_wrongPhase(Phase.Working), 2, 5, _entries(clients, TRAINING_CAP));
    }

    function test_RevertGiven_TheTaskIsClosed() external {
        Entry[] memory entries = _entries(clients, TRAINING_CAP);
        vm.prank(owner);
        task.closeTask(owner);
        _expectRefusal(_wrongPhase(Phase.Over), 1, 5, entries);
    }

    // ------------------------------------------------------------------------------------------------ versions

    function test_RevertWhen_TheSizeIsOutOfRange() external {
        Entry[] memory none = new Entry[](0);
        bytes4 selector = BcflErrors.Task_ListSizeOutOfRange.selector;
        _expectRefusal(abi.encodeWithSelector(selector, 2, 3, 100), 1, 2, none);
        _expectRefusal(abi.encodeWithSelector(selector, 101, 3, 100), 1, 101, none);
        _post(1, 3, none);
        _post(2, 100, none);
    }

    function test_RevertWhen_TheVersionIsNeitherTheLastNorTheNext() external {
        Entry[] memory none = new Entry[](0);
        bytes4 selector = BcflErrors.Task_WrongVersion.selector;
        _expectRefusal(abi.encodeWithSelector(selector, 2, 0), 2, 5, none);
        _expectRefusal(abi.encodeWithSelector(selector, 0, 0), 0, 5, none);
        _post(1, 5, none);
        _post(2, 5, none);
        _expectRefusal(abi.encodeWithSelector(selector, 1, 2), 1, 5, none);
        _expectRefusal(abi.encodeWithSelector(selector, 4, 2), 4, 5, none);
    }

    function test_RevertWhen_TheSizeChangesBetweenChunks() external {
        _post(1, 5, _entries(_addresses(alice), TRAINING_CAP));
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_WrongSize.selector, 1, 4, 5),
            1,
            4,
            _entries(_addresses(bob), TRAINING_CAP)
        );
    }

    function test_RevertGiven_TheListIsComplete() external {
        _post(clients);
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_ListComplete.selector, 1, 5), 1, 5, new Entry[](0));
    }

    function test_RevertWhen_MoreEntriesComeThanTheListHas() external {
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_ListOverflow.selector, 1, 5, 4),
            1,
            4,
            _entries(clients, TRAINING_CAP)
        );
        _post(1, 4, _entries(_addresses(alice, bob, carol), TRAINING_CAP));
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_ListOverflow.selector, 1, 5, 4),
            1,
            4,
            _entries(_addresses(dave, erin), TRAINING_CAP)
        );
    }

    // ------------------------------------------------------------------------------------------------ entries

    function test_RevertWhen_AnEntryNamesNoMember() external {
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Task_NotMember.selector, mallory), Entry(mallory, 0, 0));
    }

    function test_RevertWhen_EntriesDoNotAscend() external {
        Entry memory a = _entry(alice, TRAINING_CAP);
        Entry memory b = _entry(bob, TRAINING_CAP);
        bytes4 selector = BcflErrors.Task_NotAscending.selector;
        _expectRefusal(abi.encodeWithSelector(selector, bob, alice), 1, 5, _two(b, a));
        _expectRefusal(abi.encodeWithSelector(selector, alice, alice), 1, 5, _two(a, a));
        _post(1, 5, _one(b));
        _expectRefusal(abi.encodeWithSelector(selector, bob, alice), 1, 5, _one(a));
        _expectRefusal(abi.encodeWithSelector(selector, bob, bob), 1, 5, _one(b));
    }

    function test_RevertWhen_AnEntryWithoutCapHasAFrequency() external {
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_NotHiredHasFrequency.selector, alice, 1), Entry(alice, 0, 1)
        );
    }

    function test_RevertWhen_CapsExceedTheTrainingBudget() external {
        Entry[] memory entries = _entries(clients, TRAINING_CAP);
        entries[4] = _entry(erin, TRAINING_CAP + 1);
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_CapsExceedBudget.selector, 125e15 + 1, 125e15), 1, 5, entries
        );
    }

    function test_RevertWhen_ACapIsTheLargestNumber() external {
        uint80 most = type(uint80).max;
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_CapsExceedBudget.selector, most, 125e15), Entry(alice, most, 1)
        );
        Entry[] memory entries = _two(_entry(alice, TRAINING_CAP), Entry(bob, most, 1));
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_CapsExceedBudget.selector, uint256(most) + TRAINING_CAP, 125e15),
            1,
            5,
            entries
        );
    }

    // ------------------------------------------------------------------------------------------------ prices

    function test_RevertWhen_TheTrainingFrequencyIsNotTheCubeRoot() external {
        Entry memory entry = _entry(alice, TRAINING_CAP);
        uint256 price = Prices.trainingPriceDown(_offer(alice, TRAINING_CAP, 5), alice);
        for (uint72 wrong = entry.trainingFrequency - 1; wrong <= entry.trainingFrequency + 1; wrong += 2) {
            _expectRefusal(
                _error(BcflErrors.Price_WrongTrainingFrequency.selector, alice, wrong, price),
                Entry(alice, TRAINING_CAP, wrong)
            );
        }
    }

    function test_RevertWhen_TheTrainingFrequencyIsZeroOrAboveTheClientsHighest() external {
        bytes4 selector = BcflErrors.Price_FrequencyOutOfRange.selector;
        _expectRefusal(_error(selector, alice, 0, MAX_FREQUENCY), Entry(alice, TRAINING_CAP, 0));
        _expectRefusal(
            _error(selector, alice, MAX_FREQUENCY + 1, MAX_FREQUENCY), Entry(alice, TRAINING_CAP, MAX_FREQUENCY + 1)
        );
    }

    function test_RevertWhen_TheTrainingPriceExceeds128Bits() external {
        vm.prank(alice);
        task.changeReport(Report(1, 1, MAX_FREQUENCY));
        terms.cycleUnit = 1;
        terms.budget = terms.miningBudget + 2 ** 78;
        vm.deal(owner, 2 ** 90);
        _use(terms);
        _join(alice, Report(1, 1, MAX_FREQUENCY));
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Price_OutOfRange.selector, alice), Entry(alice, 2 ** 78, MAX_FREQUENCY)
        );
    }

    function test_RevertWhen_TrainingTakesTheWholeDeadline() external {
        // A cap so low that q_t stays below μ/T = 2/3 GHz.
        Entry memory entry = _entry(alice, 1e13);
        assertLt(entry.trainingFrequency, 0.6667e18);
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Price_NoTimeToMine.selector, alice, entry.trainingFrequency), entry
        );
    }

    function test_RevertWhen_MiningWouldBeFasterThanTheClientsHighestFrequency() external {
        // q_t = 0.69 GHz leaves 4 % of T, so that mining needs more than 8 GHz.
        vm.prank(alice);
        task.changeReport(Report(UNITS, RHO, 5e18));
        Entry memory entry = _entry(alice, 48e12);
        Prices.Offer memory offer = _offer(alice, 48e12, 5);
        offer.trainingFrequency = entry.trainingFrequency;
        uint256 frequency = Prices.miningFrequencyUp(offer, Prices.miningSlack(offer));
        assertGt(frequency, 5e18);
        _expectRefusal(_error(BcflErrors.Price_FrequencyOutOfRange.selector, alice, frequency, 5e18), entry);
    }

    function test_RevertWhen_MiningCostsMoreThanItsCap_Complete() external {
        terms.miningBudget = 5 * 1e12;
        _use(terms);
        _join(alice);
        Entry memory entry = _entry(alice, TRAINING_CAP);
        Prices.Offer memory offer = _offer(alice, TRAINING_CAP, 5);
        offer.trainingFrequency = entry.trainingFrequency;
        uint256 slack = Prices.miningSlack(offer);
        uint256 price = Prices.miningPriceDown(offer, slack);
        uint256 least = Prices.leastPriceUp(RHO, Prices.miningFrequencyUp(offer, slack));
        assertLt(price, least);
        _expectRefusal(_error(BcflErrors.Price_MiningNotCovered.selector, alice, price, least), entry);
    }

    function test_RevertWhen_TheMiningCapIsZero_Complete() external {
        terms.miningBudget = 0;
        _use(terms);
        _join(alice);
        Entry memory entry = _entry(alice, TRAINING_CAP);
        Prices.Offer memory offer = _offer(alice, TRAINING_CAP, 5);
        offer.trainingFrequency = entry.trainingFrequency;
        uint256 frequency = Prices.miningFrequencyUp(offer, Prices.miningSlack(offer));
        uint256 least = Prices.leastPriceUp(RHO, frequency);
        _expectRefusal(_error(BcflErrors.Price_MiningNotCovered.selector, alice, 0, least), entry);
    }

    function test_RevertWhen_MiningPayExceedsItsCap_Incomplete() external {
        terms.policy = Policy.Incomplete;
        terms.miningBudget = 5 * 1e12;
        _use(terms);
        _join(alice);
        Entry memory entry = _entry(alice, TRAINING_CAP);
        Prices.Offer memory offer = _offer(alice, TRAINING_CAP, 5);
        offer.trainingFrequency = entry.trainingFrequency;
        uint256 frequency = Prices.miningFrequencyUp(offer, Prices.miningSlack(offer));
        uint256 pay = Prices.payDown(Prices.leastPriceUp(RHO, frequency), terms.miningCycles, frequency);
        assertGt(pay, 1e12);
        _expectRefusal(_error(BcflErrors.Price_MiningPayOverCap.selector, alice, pay, 1e12), entry);
    }

    function test_RevertWhen_TheMiningPriceExceeds128Bits_Incomplete() external {
        // The largest ρ, and so little time left to mine that q_m comes close to the largest frequency; few cycles
        // to mine, so that its pay stays below the cap.
        terms.policy = Policy.Incomplete;
        terms.budget = 10e18;
        terms.miningCycles = 16;
        terms.cyclesPerHash = 1;
        _use(terms);
        _join(alice, Report(UNITS, 2 ** 112 - 1, type(uint72).max));
        uint256 low = 1;
        uint256 high = 5e18;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (_canMine(uint80(middle))) high = middle;
            else low = middle + 1;
        }
        Entry memory entry = _entry(alice, uint80(low));
        _expectRefusal(abi.encodeWithSelector(BcflErrors.Price_OutOfRange.selector, alice), entry);
    }

    /// @dev Whether a cap leaves time to mine at a frequency that a report can name.
    function _canMine(uint80 trainingCap) private view returns (bool) {
        Prices.Offer memory offer = _offer(alice, trainingCap, 5);
        offer.trainingFrequency = _entry(alice, trainingCap).trainingFrequency;
        uint256 slack = Prices.miningSlack(offer);
        return slack > 0 && Prices.miningFrequencyUp(offer, slack) < 2 ** 72;
    }

    // ------------------------------------------------------------------------------------------------ posting

    function test_PostsAListInOneCall() external {
        Entry[] memory entries = _entries(clients, TRAINING_CAP);
        Prices.Offer memory offer = _offer(alice, TRAINING_CAP, 5);
        offer.trainingFrequency = entries[0].trainingFrequency;
        (uint256 trainingPrice, uint256 miningPrice) = Prices.prices(offer, alice);
        assertEq(miningPrice, Prices.miningPriceDown(offer, Prices.miningSlack(offer)));
        // Section 4's check, per second: p_t = 39.52847…, p_m = 0.348006… money per minute.
        assertApproxEqRel(trainingPrice, 39.52847075210474165e15 * 1e18 / uint256(60), 1e6);
        assertApproxEqRel(miningPrice, 0.34800657907465885722e15 * 1e18 / uint256(60), 1e6);

        vm.expectEmit(address(task));
        emit ITask.ListBegun(1, 5);
        vm.expectEmit(address(task));
        emit ITask.EntriesPosted(1, entries);
        assertEq(_post(entries), 1);

        ListState memory list = task.listState();
        assertEq(list.version, 1);
        assertEq(list.size, 5);
        assertEq(list.posted, 5);
        assertEq(list.hired, 5);
        assertFalse(list.isStale);
        assertEq(list.trainingCaps, 125e15);
        assertEq(list.hash, _hashOf(0, entries));
        ClientState memory state = task.clientState(alice);
        assertEq(state.listVersion, 1);
        assertEq(state.place, 1);
        assertEq(state.trainingCap, TRAINING_CAP);
        assertEq(state.trainingFrequency, entries[0].trainingFrequency);
        assertLedger(0, 0, 0, 450e15, 5 * BOND);
    }

    function test_PostsAListInChunks() external {
        Entry[] memory all = _entries(clients, TRAINING_CAP);
        _post(1, 5, _two(all[0], all[1]));
        assertEq(task.listState().posted, 2);
        _post(1, 5, _two(all[2], all[3]));
        _post(1, 5, _one(all[4]));
        for (uint256 i; i < 5; ++i) {
            assertEq(task.clientState(clients[i]).place, i + 1, "counted on over the chunks");
        }
        ListState memory list = task.listState();
        assertEq(list.posted, 5);
        assertEq(list.hired, 5);
        assertEq(list.trainingCaps, 125e15);
        assertEq(list.hash, _hashOf(0, all));
    }

    function test_WhenChunksAreEmpty_TheOrderIsKeptAcrossThem() external {
        Entry[] memory all = _entries(clients, TRAINING_CAP);
        _post(1, 5, new Entry[](0));
        _post(1, 5, _two(all[0], all[2]));
        _post(1, 5, new Entry[](0));
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_NotAscending.selector, carol, bob), 1, 5, _one(all[1])
        );
        _post(1, 5, _two(all[3], all[4]));
        assertEq(task.listState().posted, 4);
    }

    /// @dev The last client of a list that was left incomplete, or of chunks before, does not stand in a new one's way.
    function test_GivenAnIncompleteList_TheNextBeginsItsOrderAnew() external {
        Entry[] memory all = _entries(clients, TRAINING_CAP);
        _post(1, 5, _two(all[3], all[4]));
        _post(2, 5, all); // complete in one call
        assertEq(task.listState().posted, 5);
        assertEq(task.listState().hash, _hashOf(0, all));
        _post(3, 4, new Entry[](0));
        _post(3, 4, _two(all[0], all[1])); // begun by an empty chunk
        _post(3, 4, _one(all[2]));
        _post(3, 4, _one(all[3]));
        _post(4, 3, _one(all[1])); // after a list of three chunks, one of two
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_NotAscending.selector, bob, alice), 4, 3, _one(all[0])
        );
        _post(4, 3, _two(all[2], all[4]));
        _warpToFrozen();
        _open();
        assertEq(task.listState().hired, 3);
    }

    /// @dev Nor does it help to slip the same client in twice: a list complete in one call leaves the other's mark.
    function test_GivenACompleteListAfterAnIncompleteOne_EachChunkIsHeldToItsOwnOrder() external {
        Entry[] memory all = _entries(clients, TRAINING_CAP);
        _post(1, 5, _one(all[0]));
        _post(2, 5, all);
        _post(3, 5, _two(all[2], all[3]));
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_NotAscending.selector, dave, bob), 3, 5, _one(all[1])
        );
        _expectRefusal(
            abi.encodeWithSelector(BcflErrors.Task_NotAscending.selector, dave, dave), 3, 5, _one(all[3])
        );
    }

    function test_WhenAnEntryHasNoCap_ListsTheClientUnhired() external {
        Entry[] memory entries = _entries(clients, TRAINING_CAP);
        entries[2] = Entry(carol, 0, 0);
        vm.expectEmit(address(task));
        emit ITask.EntriesPosted(1, entries);
        _post(entries);
        assertEq(task.listState().posted, 5);
        assertEq(task.listState().hired, 4);
        assertEq(task.listState().trainingCaps, 100e15);
    }

    function test_WhenANewVersionBegins_TheOldOneCountsForNothing() external {
        _post(clients);
        _post(2, 4, new Entry[](0));
        ListState memory list = task.listState();
        assertEq(list.version, 2);
        assertEq(list.size, 4);
        assertEq(list.posted, 0);
        assertEq(list.hired, 0);
        assertEq(list.trainingCaps, 0);
        assertEq(list.hash, 0);
        _warpToFrozen();
        vm.expectRevert(abi.encodeWithSelector(BcflErrors.Task_ListIncomplete.selector, 2, 0, 4));
        vm.prank(owner);
        task.openRound(2);
    }

    function test_GivenTheOldListIsStale_TheNewOneIsNot() external {
        _post(clients);
        vm.prank(alice);
        task.changeReport(_report(UNITS + 1));
        _post(_entries(clients, 24e15));
        assertFalse(task.listState().isStale);
    }

    function test_Incomplete_PricesMiningAtTheLeastThatCoversIt() external {
        terms.policy = Policy.Incomplete;
        _use(terms);
        _joinAll();
        Entry[] memory entries = _entries(clients, TRAINING_CAP);
        Prices.Offer memory offer = _offer(alice, TRAINING_CAP, 5);
        offer.trainingFrequency = entries[0].trainingFrequency;
        (, uint256 miningPrice) = Prices.prices(offer, alice);
        assertEq(miningPrice, Prices.leastPriceUp(RHO, Prices.miningFrequencyUp(offer, Prices.miningSlack(offer))));
        assertApproxEqRel(miningPrice, 0.000421465823019614727e15 * 1e18 / uint256(60), 1e9);
        vm.expectEmit(address(task));
        emit ITask.EntriesPosted(1, entries);
        _post(entries);
    }
}
