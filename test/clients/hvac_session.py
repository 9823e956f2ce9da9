"""What a user of Vault's Python client does with a server, from its initialisation to its sealing.

Usage: hvac_session.py ADDRESS AUDIT_FILE

Each step is a function that asserts; they run in the order of STEPS and share one Session.
"""

import json
import sys

import hvac
from hvac import exceptions


class Session:
    """The server's address, its unseal keys and the client of its first token."""

    def __init__(self, address, audit_file):
        self.address = address
        self.audit_file = audit_file
        self.keys = []
        self.root = hvac.Client(url=address)

    def client(self, token):
        return hvac.Client(url=self.address, token=token)


def refused(kind, call, *words):
    """The call raises this kind of error, and its message has the words."""
    try:
        call()
    except kind as error:
        for word in words:
            assert word in str(error), f"{word!r} is not in {error}"
        return
    raise AssertionError(f"{kind.__name__} was expected")


def initialise(session):
    sys_ = session.root.sys
    assert sys_.is_initialized() is False
    made = sys_.initialize(secret_shares=3, secret_threshold=2)
    assert len(made["keys"]) == 3 and len(made["keys_base64"]) == 3
    assert sys_.is_initialized() is True
    refused(exceptions.InvalidRequest, lambda: sys_.initialize(1, 1), "already initialized")
    session.keys = made["keys"]
    session.root.token = made["root_token"]


def unseal(session):
    sys_ = session.root.sys
    assert sys_.is_sealed() is True
    refused(exceptions.VaultDown, sys_.list_auth_methods, "sealed")
    first = sys_.submit_unseal_key(session.keys[0])
    assert (first["sealed"], first["progress"], first["t"], first["n"]) == (True, 1, 2, 3)
    assert sys_.submit_unseal_key(reset=True)["progress"] == 0
    assert sys_.submit_unseal_keys(session.keys[1:])["sealed"] is False
    assert sys_.read_health_status(method="GET")["initialized"] is True
    assert session.root.is_authenticated() is True
    assert session.client("hvs.unknown").is_authenticated() is False


def audit_is_enabled(session):
    sys_ = session.root.sys
    sys_.enable_audit_device("file", options={"file_path": session.audit_file})
    devices = sys_.list_enabled_audit_devices()["data"]
    assert devices["file/"]["options"]["file_path"] == session.audit_file


def userpass(session):
    sys_, auth = session.root.sys, session.root.auth.userpass
    sys_.enable_auth_method("userpass")
    assert sys_.list_auth_methods()["data"]["userpass/"]["type"] == "userpass"
    auth.create_or_update_user("ana", password="one", policies=["reader"], token_ttl="1h")
    assert auth.list_user()["data"]["keys"] == ["ana"]
    assert "reader" in auth.read_user("ana")["data"]["token_policies"]

    login = hvac.Client(url=session.address)
    refused(exceptions.InvalidRequest, lambda: login.auth.userpass.login("ana", "wrong"), "invalid")
    made = login.auth.userpass.login("ana", "one")["auth"]
    assert made["lease_duration"] == 3600 and made["renewable"] is True
    assert login.lookup_token()["data"]["path"] == "auth/userpass/login/ana"
    auth.update_password_on_user("ana", "two")
    refused(exceptions.InvalidRequest, lambda: login.auth.userpass.login("ana", "one"))
    login.auth.userpass.login("ana", "two")


def kv_versions(session):
    session.root.sys.enable_secrets_engine("kv", path="secret", options={"version": "2"})
    kv = session.root.secrets.kv.v2
    refused(exceptions.InvalidPath, lambda: kv.read_secret_version("app", raise_on_deleted_version=True))
    first = kv.create_or_update_secret("app", {"user": "ana", "port": 1}, cas=0)["data"]
    assert first["version"] == 1 and first["destroyed"] is False
    read = kv.read_secret_version("app", raise_on_deleted_version=True)["data"]
    assert read["data"] == {"user": "ana", "port": 1} and read["metadata"]["version"] == 1

    wrong = lambda: kv.create_or_update_secret("app", {"user": "eve"}, cas=7)
    refused(exceptions.InvalidRequest, wrong, "check-and-set parameter did not match the current version")
    assert kv.patch("app", {"port": 2, "host": "db"})["data"]["version"] == 2
    read = kv.read_secret_version("app", raise_on_deleted_version=True)["data"]["data"]
    assert read == {"user": "ana", "port": 2, "host": "db"}
    old = kv.read_secret_version("app", version=1, raise_on_deleted_version=True)["data"]["data"]
    assert old == {"user": "ana", "port": 1}
    refused(exceptions.InvalidPath, lambda: kv.patch("none", {"a": 1}))


def kv_deletion(session):
    kv = session.root.secrets.kv.v2
    read = lambda version=None: kv.read_secret_version(
        "app", version=version, raise_on_deleted_version=True
    )["data"]["data"]
    kv.delete_latest_version_of_secret("app")
    refused(exceptions.InvalidPath, read)
    kv.undelete_secret_versions("app", [2])
    assert read()["host"] == "db"
    kv.delete_secret_versions("app", [1])
    refused(exceptions.InvalidPath, lambda: read(1))
    kv.destroy_secret_versions("app", [1])
    kv.undelete_secret_versions("app", [1])
    refused(exceptions.InvalidPath, lambda: read(1))
    versions = kv.read_secret_metadata("app")["data"]["versions"]
    assert versions["1"]["destroyed"] is True and versions["2"]["destroyed"] is False


def kv_metadata(session):
    kv = session.root.secrets.kv.v2
    kv.update_metadata("app", max_versions=2, cas_required=True, custom_metadata={"team": "a"})
    metadata = kv.read_secret_metadata("app")["data"]
    assert metadata["max_versions"] == 2 and metadata["cas_required"] is True
    assert metadata["custom_metadata"] == {"team": "a"} and metadata["current_version"] == 2
    refused(exceptions.InvalidRequest, lambda: kv.create_or_update_secret("app", {"a": 1}))
    kv.create_or_update_secret("app", {"a": 1}, cas=2)
    assert sorted(kv.read_secret_metadata("app")["data"]["versions"]) == ["2", "3"]

    kv.create_or_update_secret("deep/er/secret", {"a": 1})
    assert kv.list_secrets("")["data"]["keys"] == ["app", "deep/"]
    assert kv.list_secrets("deep")["data"]["keys"] == ["er/"]
    refused(exceptions.InvalidPath, lambda: kv.list_secrets("none"))
    kv.delete_metadata_and_all_versions("app")
    assert kv.list_secrets("")["data"]["keys"] == ["deep/"]
    kv.configure(max_versions=4)
    assert kv.read_configuration()["data"]["max_versions"] == 4


def policies(session):
    sys_ = session.root.sys
    rules = 'path "secret/data/deep/*" { capabilities = ["read"] }'
    sys_.create_or_update_policy("reader", rules)
    assert sys_.read_policy("reader")["data"]["rules"] == rules
    assert "reader" in sys_.list_policies()["data"]["policies"]

    ana = hvac.Client(url=session.address)
    ana.auth.userpass.login("ana", "two")
    read = ana.secrets.kv.v2.read_secret_version
    found = read("deep/er/secret", raise_on_deleted_version=True)["data"]["data"]
    assert found == {"a": 1}
    refused(exceptions.Forbidden, lambda: read("other", raise_on_deleted_version=True), "permission denied")
    refused(exceptions.Forbidden, lambda: ana.secrets.kv.v2.create_or_update_secret("deep/er/secret", {}))
    sys_.delete_policy("reader")
    refused(exceptions.Forbidden, lambda: read("deep/er/secret", raise_on_deleted_version=True))


def tokens(session):
    token = session.root.auth.token
    made = token.create(policies=["default"], ttl="1h", display_name="job", meta={"a": "b"})["auth"]
    assert made["policies"] == ["default"] and made["lease_duration"] == 3600
    found = token.lookup(made["client_token"])["data"]
    assert found["display_name"] == "token-job" and found["meta"] == {"a": "b"}
    assert token.lookup_accessor(made["accessor"])["data"]["accessor"] == made["accessor"]
    assert made["accessor"] in token.list_accessors()["data"]["keys"]

    own = session.client(made["client_token"])
    assert own.auth.token.lookup_self()["data"]["id"] == made["client_token"]
    assert own.auth.token.renew_self(increment="30m")["auth"]["lease_duration"] == 1800
    assert token.renew(made["client_token"], increment="20m")["auth"]["lease_duration"] == 1200
    assert token.renew_accessor(made["accessor"])["auth"]["accessor"] == made["accessor"]
    refused(exceptions.Forbidden, own.auth.token.list_accessors)

    token.revoke(made["client_token"])
    refused(exceptions.Forbidden, own.auth.token.lookup_self)
    other = token.create(ttl="1h")["auth"]
    token.revoke_accessor(other["accessor"])
    refused(exceptions.Forbidden, session.client(other["client_token"]).auth.token.lookup_self)
    last = session.client(token.create(ttl="1h")["auth"]["client_token"])
    last.auth.token.revoke_self()
    refused(exceptions.Forbidden, last.auth.token.lookup_self)


def token_families(session):
    token = session.root.auth.token
    parent = session.client(token.create(ttl="1h")["auth"]["client_token"])
    child = parent.auth.token.create(ttl="30m")["auth"]["client_token"]
    orphan = parent.auth.token.create_orphan(ttl="30m")["auth"]["client_token"]
    token.revoke(parent.token)
    refused(exceptions.Forbidden, session.client(child).auth.token.lookup_self)
    assert session.client(orphan).auth.token.lookup_self()["data"]["orphan"] is True

    once = session.client(token.create(num_uses=1)["auth"]["client_token"])
    once.auth.token.lookup_self()
    refused(exceptions.Forbidden, once.auth.token.lookup_self)

    token.create_or_update_role("job", allowed_policies=["default"], orphan=True)
    assert token.read_role("job")["data"]["orphan"] is True
    assert token.list_roles()["data"]["keys"] == ["job"]
    made = token.create(role_name="job")["auth"]
    assert made["policies"] == ["default"] and made["orphan"] is True
    token.delete_role("job")
    refused(exceptions.InvalidPath, lambda: token.read_role("job"))


def wrapping(session):
    root = session.root
    wrapped = root.sys.wrap({"a": "b"}, ttl=60)["wrap_info"]
    assert wrapped["ttl"] == 60
    looked = root.adapter.post("/v1/sys/wrapping/lookup", json={"token": wrapped["token"]})
    assert looked["data"]["creation_path"] == "sys/wrapping/wrap"
    assert root.sys.unwrap(wrapped["token"])["data"] == {"a": "b"}
    refused(exceptions.InvalidRequest, lambda: root.sys.unwrap(wrapped["token"]), "wrapping token")

    info = root.auth.token.create(ttl="1h", wrap_ttl="2m")["wrap_info"]
    assert info["creation_path"] == "auth/token/create" and info["ttl"] == 120
    inside = hvac.Client(url=session.address, token=info["token"]).sys.unwrap()["auth"]
    assert inside["accessor"] == info["wrapped_accessor"]
    assert session.client(inside["client_token"]).is_authenticated()


def mounts(session):
    sys_ = session.root.sys
    sys_.enable_secrets_engine("kv", path="plain", options={"version": "1"}, description="old")
    assert sys_.list_mounted_secrets_engines()["data"]["plain/"]["description"] == "old"
    sys_.tune_mount_configuration("plain", default_lease_ttl="1h", description="new")
    assert sys_.read_mount_configuration("plain")["data"]["default_lease_ttl"] == 3600
    kv = session.root.secrets.kv.v1
    kv.create_or_update_secret("a", {"b": "c"}, mount_point="plain")
    assert kv.read_secret("a", mount_point="plain")["data"] == {"b": "c"}
    assert kv.list_secrets("", mount_point="plain")["data"]["keys"] == ["a"]
    kv.delete_secret("a", mount_point="plain")
    refused(exceptions.InvalidPath, lambda: kv.read_secret("a", mount_point="plain"))
    sys_.disable_secrets_engine("plain")
    assert "plain/" not in sys_.list_mounted_secrets_engines()["data"]


def audit_is_written(session):
    with open(session.audit_file, encoding="utf-8") as log:
        text = log.read()
    entries = [json.loads(line) for line in text.splitlines()]
    assert {entry["type"] for entry in entries} == {"request", "response"}
    paths = {entry["request"]["path"] for entry in entries}
    assert {"secret/data/app", "auth/userpass/login/ana", "auth/token/create"} <= paths
    for secret in (session.root.token, "two", *session.keys):
        assert f'"{secret}"' not in text, "a secret is in the audit log"
    hashed = session.root.sys.calculate_hash("file", session.root.token)["data"]["hash"]
    assert hashed in text, "the token's hash is not in the audit log"
    session.root.sys.disable_audit_device("file")
    assert session.root.sys.list_enabled_audit_devices()["data"] == {}


def seal(session):
    session.root.sys.seal()
    assert session.root.sys.is_sealed() is True
    refused(exceptions.VaultDown, session.root.auth.token.lookup_self, "sealed")
    session.root.sys.submit_unseal_keys(session.keys[:2])
    assert session.root.sys.is_sealed() is False
    session.root.auth.token.lookup_self()
    found = session.root.secrets.kv.v2.read_secret_version("deep/er/secret", raise_on_deleted_version=True)
    assert found["data"]["data"] == {"a": 1}


STEPS = [
    initialise,
    unseal,
    audit_is_enabled,
    userpass,
    kv_versions,
    kv_deletion,
    kv_metadata,
    policies,
    tokens,
    token_families,
    wrapping,
    mounts,
    audit_is_written,
    seal,
]

if __name__ == "__main__":
    shared = Session(*sys.argv[1:])
    for step in STEPS:
        try:
            step(shared)
        except Exception:
            print(f"failed: {step.__name__}", flush=True)
            raise
        print(f"passed: {step.__name__}", flush=True)
