"""Signed messages: what the contract takes as the client's own, once, and in one task alone."""

from dataclasses import replace

import pytest
from eth_abi import encode
from eth_account import Account
from eth_account.messages import _hash_eip191_message
from eth_keys.constants import SECPK1_N
from eth_utils import keccak

from bcfl_offchain.chain import Report, Signer, TransactionRefused, Work
from bcfl_offchain.chain import messages as ms
from bcfl_offchain.chain.messages import (
    ChangeReport,
    Claim,
    Domain,
    JoinTask,
    SignedMessage,
    SubmitWork,
    sign,
)
from bcfl_offchain.experiments.demo import DemoConfig, demo_terms
from tests.chain.devnet import account

ALICE, BOB = account(1), account(2)
FAR = 2**40
REPORT = Report(40, 10**28, 10**19)
TASK = account(5).address
DOMAIN = Domain(31337, TASK)
WORK = Work(b"\x07" * 32, 11 * 10**17, 12 * 10**17, (5, 2**255))
MESSAGES = (
    JoinTask(ALICE.address, REPORT, 3, FAR),
    ChangeReport(ALICE.address, REPORT, 3, FAR),
    SubmitWork(ALICE.address, b"\x05" * 32, WORK, 3, FAR),
    Claim(ALICE.address, BOB.address, 3, FAR),
)


class RawCall:
    """A call of the task by its bytes."""

    def __init__(self, task, data):
        self.task, self.data = task, data

    def build_transaction(self, transaction=None):
        return {**(transaction or {}), "to": self.task, "data": self.data}


@pytest.fixture
def sender(devnet):
    return Signer(devnet.w3, account(3))


@pytest.fixture
def task(devnet):
    owner = Signer(devnet.w3, account(0))
    return devnet.factory.create_task(owner, replace(demo_terms(DemoConfig(), owner.address), bond=0))


def domain_of(task):
    return Domain(task.chain_id, task.address)


def use(task, sender, signed):
    return sender.send(RawCall(task.address, signed.call_data()), "use")


def digest_by_hand(type_string, *words):
    """EIP-712 by its own words, from a type string copied from Signatures.sol."""
    domain = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
    separator = keccak(
        domain
        + keccak(text="BCFL Task")
        + keccak(text="1")
        + encode(["uint256", "address"], [DOMAIN.chain_id, DOMAIN.task])
    )
    return keccak(b"\x19\x01" + separator + keccak(keccak(text=type_string) + b"".join(words)))


def word(value):
    return value if isinstance(value, bytes) else value.to_bytes(32, "big")


REPORT_WORDS = (int(ALICE.address, 16), 40, 10**28, 10**19, 3, FAR)
_REPORT_TYPE = (
    "address client,uint32 trainingUnits,uint112 energyCoefficient,uint72 maxFrequency,uint32 nonce,"
    "uint256 deadline"
)


@pytest.mark.parametrize(
    "message, type_string, words",
    [
        (MESSAGES[0], f"JoinTask({_REPORT_TYPE})", REPORT_WORDS),
        (MESSAGES[1], f"ChangeReport({_REPORT_TYPE})", REPORT_WORDS),
        (
            MESSAGES[2],
            "SubmitWork(address client,bytes32 seed,bytes32 updateHash,uint72 trainingFrequency,"
            "uint72 miningFrequency,uint256[2] nonces,uint32 nonce,uint256 deadline)",
            (
                int(ALICE.address, 16),
                b"\x05" * 32,
                WORK.update_hash,
                WORK.training_frequency,
                WORK.mining_frequency,
                keccak(word(5) + word(2**255)),
                3,
                FAR,
            ),
        ),
        (
            MESSAGES[3],
            "Claim(address client,address recipient,uint32 nonce,uint256 deadline)",
            (int(ALICE.address, 16), int(BOB.address, 16), 3, FAR),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_digest_is_that_of_the_standard(message, type_string, words):
    expected = digest_by_hand(type_string, *map(word, words))
    assert _hash_eip191_message(ms._signable(DOMAIN, message)) == expected


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_signature_holds_for_its_message_and_domain_alone(message):
    signed = sign(ALICE, DOMAIN, message)
    assert len(signed.signature) == 64 and ms.is_signed_by_client(signed, DOMAIN)
    for other in (Domain(1, TASK), Domain(31337, BOB.address)):
        assert not ms.is_signed_by_client(signed, other)
    changes = [{"nonce": 4}, {"deadline": FAR + 1}, {"client": BOB.address}]
    for change in changes:
        assert not ms.is_signed_by_client(SignedMessage(replace(message, **change), signed.signature), DOMAIN)
    for other in MESSAGES:
        assert ms.is_signed_by_client(SignedMessage(other, signed.signature), DOMAIN) == (other == message)


def test_both_forms_of_a_signature_hold_and_the_mirrored_one_does_not():
    message = MESSAGES[3]
    raw = bytes(ALICE.sign_message(ms._signable(DOMAIN, message)).signature)
    assert ms.is_signed_by_client(SignedMessage(message, raw), DOMAIN)
    other_s = (SECPK1_N - int.from_bytes(raw[32:64], "big")).to_bytes(32, "big")
    mirrored = raw[:32] + other_s + bytes([55 - raw[64]])
    assert Account.recover_message(ms._signable(DOMAIN, message), signature=mirrored) == ALICE.address
    for junk in (mirrored, b"", raw[:63], bytes(64), bytes(65), raw + b"\x00"):
        assert not ms.is_signed_by_client(SignedMessage(message, junk), DOMAIN)


def test_one_signs_for_oneself_alone():
    with pytest.raises(ValueError, match=BOB.address):
        sign(BOB, DOMAIN, MESSAGES[3])


def test_the_contract_takes_a_report_from_anybody_once(task, sender):
    joining = sign(ALICE, domain_of(task), JoinTask(ALICE.address, REPORT, 0, FAR))
    use(task, sender, joining)
    state = task.client_state(ALICE.address)
    assert (state.report, state.is_member, state.nonce) == (REPORT, True, 1)
    with pytest.raises(TransactionRefused, match="Task_WrongSignature"):
        use(task, sender, joining)
    other = replace(REPORT, training_units=50)
    use(task, sender, sign(ALICE, domain_of(task), ChangeReport(ALICE.address, other, 1, FAR)))
    assert task.client_state(ALICE.address).report == other


def test_a_message_is_void_after_its_time(task, sender, devnet):
    now = devnet.w3.eth.get_block("latest")["timestamp"]
    late = sign(ALICE, domain_of(task), JoinTask(ALICE.address, REPORT, 0, now - 1))
    with pytest.raises(TransactionRefused) as refused:
        use(task, sender, late)
    assert refused.value.error_name == "Task_SignatureExpired"
    assert refused.value.error_args["deadline"] == now - 1


@pytest.mark.parametrize("field, value", [("training_frequency", 2**72), ("nonces", (1, -1)), ("update_hash", b"\1" * 33)])
def test_work_out_of_its_type_is_no_message(field, value):
    work = replace(Work(b"\1" * 32, 10**18, 10**18, (1, 2)), **{field: value})
    with pytest.raises(ValueError, match="of a SubmitWork is a"):
        SubmitWork(ALICE.address, b"\2" * 32, work, 0, FAR)


@pytest.mark.parametrize("change", [{"client": "0x12"}, {"nonce": 2**32}, {"deadline": -1}, {"recipient": None}])
def test_a_claim_out_of_its_type_is_no_message(change):
    with pytest.raises(ValueError, match="of a Claim is a"):
        replace(Claim(ALICE.address, ALICE.address, 0, FAR), **change)
