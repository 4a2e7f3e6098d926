// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignedBase} from "./SignedBase.t.sol";
import {ITask, Permit, Terms} from "../../contracts/interfaces/ITask.sol";
import {PlainToken} from "../../contracts/mocks/PlainToken.sol";

/// @notice A task that pays in a token, in the setting of `Base`.
abstract contract TokensBase is SignedBase {
    uint256 internal constant FUNDS = 450e15;

    /// @dev Any of the mocks: what they have in common is named by `PlainToken`.
    PlainToken internal token;

    /// @dev Starts over with a task in `token_`. Everybody holds some of it and lets the task take the bond.
    function _useToken(address token_) internal {
        token = PlainToken(token_);
        terms.token = token_;
        token.mint(owner, FUNDS);
        _approve(owner, address(factory), FUNDS);
        task = _createInToken(terms);
        deposits = FUNDS;
        forced = 0;
        for (uint256 i; i < clients.length; ++i) {
            token.mint(clients[i], BOND);
            _approve(clients[i], address(task), BOND);
        }
    }

    function _createInToken(Terms memory terms_) internal returns (ITask) {
        vm.prank(owner);
        return ITask(factory.createTask(terms_));
    }

    /// @dev By hand, since some tokens return nothing.
    function _approve(address account, address spender, uint256 amount) internal {
        vm.prank(account);
        (bool success,) = address(token).call(abi.encodeCall(token.approve, (spender, amount)));
        assertTrue(success);
    }

    function _joinByToken(address client) internal {
        vm.prank(client);
        task.joinTask(_report(UNITS));
        deposits += BOND;
    }

    function _openFirstRoundByToken() internal {
        for (uint256 i; i < clients.length; ++i) {
            _joinByToken(clients[i]);
        }
        _warpToFrozen();
        _post(clients);
        _open();
    }

    function _held() internal view override returns (uint256) {
        return token.balanceOf(address(task));
    }

    /// @dev ERC-2612, by hand.
    function _permit(uint256 key, address spender, uint256 amount, uint256 nonce, uint256 deadline)
        internal
        view
        returns (Permit memory)
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Plain"),
                keccak256("1"),
                block.chainid,
                address(token)
            )
        );
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                vm.addr(key),
                spender,
                amount,
                nonce,
                deadline
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", domain, structHash)));
        return Permit(deadline, v, r, s);
    }
}
