import pytest
from cryptography.fernet import Fernet

from loyalty import sealing
from loyalty.sealing import SealBroken, keyed_hash, seal, unseal


@pytest.fixture
def keys():
    """Two encryption keys; whatever the process had is put back afterwards."""
    before = sealing._keys
    yield Fernet.generate_key().decode(), Fernet.generate_key().decode()
    sealing._keys = before


def test_a_hash_depends_on_value_purpose_and_secret(keys):
    old, _ = keys
    sealing.configure("a" * 40, (old,))
    first = keyed_hash("one", "123456")
    assert len(first) == 64
    assert first == keyed_hash("one", "123456")
    others = [keyed_hash("one", "123457"), keyed_hash("two", "123456")]
    sealing.configure("b" * 40, (old,))
    others.append(keyed_hash("one", "123456"))
    assert first not in others


def test_a_sealed_value_is_read_back_for_its_purpose_only(keys):
    sealing.configure("a" * 40, keys)
    token = seal("code", {"code": "123456", "name": "Иван"})
    assert "123456" not in token
    assert unseal("code", token) == {"code": "123456", "name": "Иван"}
    with pytest.raises(SealBroken):
        unseal("other", token)


def test_a_value_is_read_while_its_key_is_among_the_keys(keys):
    old, new = keys
    sealing.configure("a" * 40, (old,))
    token = seal("code", {"n": 1})
    sealing.configure("a" * 40, (new, old))
    assert unseal("code", token) == {"n": 1}
    sealing.configure("a" * 40, (new,))
    with pytest.raises(SealBroken):
        unseal("code", token)


@pytest.mark.parametrize("token", ["", "x", "ё", "gAAAAA=="])
def test_a_damaged_value_is_refused(keys, token):
    sealing.configure("a" * 40, keys)
    with pytest.raises(SealBroken):
        unseal("code", token)


def test_nothing_works_before_the_keys_are_set(keys):
    sealing._keys = None
    with pytest.raises(RuntimeError):
        keyed_hash("one", "1")


def test_keys_stay_out_of_repr(keys):
    sealing.configure("a secret that must not be shown anywhere", keys)
    assert "a secret" not in repr(sealing._keys)
