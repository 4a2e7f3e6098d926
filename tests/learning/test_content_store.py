"""The store: what comes out is what the hash says, whole or not at all."""

import threading

import pytest

from bcfl_offchain.learning import Corrupt, NotFound, Store, StoreError, TooLarge, Unusable, file_hash


def test_what_was_put_is_got_back_under_its_hash(tmp_path):
    store = Store(tmp_path)
    content_hash = store.put(b"content")
    assert content_hash == file_hash(b"content")
    assert store.get(content_hash, max_bytes=7) == b"content"


def test_the_directory_is_made_and_the_file_is_named_by_its_hash(tmp_path):
    store = Store(tmp_path / "not" / "yet")
    content_hash = store.put(b"content")
    assert [path.name for path in store.directory.iterdir()] == [f"{content_hash.hex()}.safetensors"]


def test_a_second_store_on_the_directory_sees_the_files(tmp_path):
    content_hash = Store(tmp_path).put(b"content")
    assert Store(str(tmp_path)).get(content_hash, max_bytes=100) == b"content"


def test_an_unknown_hash_is_not_found(tmp_path):
    with pytest.raises(NotFound, match=f"no file {'00' * 32}"):
        Store(tmp_path).get(bytes(32), max_bytes=100)


def test_a_directory_under_the_right_name_is_not_found(tmp_path):
    store = Store(tmp_path)
    store.path(bytes(32)).mkdir()
    with pytest.raises(NotFound):
        store.get(bytes(32), max_bytes=100)


def test_a_hostile_file_under_the_right_name_is_detected(tmp_path):
    store = Store(tmp_path)
    content_hash = store.put(b"content")
    store.path(content_hash).write_bytes(b"planted")
    with pytest.raises(Corrupt, match=file_hash(b"planted").hex()):
        store.get(content_hash, max_bytes=100)


def test_putting_again_mends_a_changed_file(tmp_path):
    store = Store(tmp_path)
    content_hash = store.put(b"content")
    store.path(content_hash).write_bytes(b"planted")
    store.put(b"content")
    assert store.get(content_hash, max_bytes=100) == b"content"


def test_a_file_larger_than_the_reader_takes_is_refused(tmp_path):
    store = Store(tmp_path)
    content_hash = store.put(b"content")
    with pytest.raises(TooLarge, match="more than 6 bytes"):
        store.get(content_hash, max_bytes=6)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_hash_of_another_length_is_refused(tmp_path, length):
    with pytest.raises(ValueError, match=f"has {length} bytes"):
        Store(tmp_path).get(bytes(length), max_bytes=100)


def test_a_write_that_fails_leaves_nothing_behind(tmp_path):
    store = Store(tmp_path)
    blocked = store.path(file_hash(b"content"))
    blocked.mkdir()  # a file cannot be renamed over a directory
    with pytest.raises(Unusable, match="cannot be written: Is a directory"):
        store.put(b"content")
    assert list(tmp_path.iterdir()) == [blocked]


def test_readers_never_see_half_a_file(tmp_path):
    store = Store(tmp_path)
    content = bytes(10**6)
    content_hash = file_hash(content)
    writer = threading.Thread(target=lambda: [store.put(content) for _ in range(20)])
    writer.start()
    seen = False
    while writer.is_alive():
        try:
            assert store.get(content_hash, max_bytes=10**6) == content
            seen = True
        except NotFound:
            assert not seen, "a file that was there disappeared"
    writer.join()
    assert store.get(content_hash, max_bytes=10**6) == content


def test_every_refusal_is_a_store_error():
    assert all(issubclass(refusal, StoreError) for refusal in (NotFound, TooLarge, Unusable, Corrupt))
