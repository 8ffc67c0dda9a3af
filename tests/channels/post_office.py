"""A real Dovecot and a real Postfix on loopback, with a private configuration; nothing leaves."""

from __future__ import annotations

import base64
import hashlib
import hmac
import imaplib
import itertools
import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PASSWORD = "mot-de-passe"
KEY = b"la clef par laquelle Dovecot sait qu'un jeton est vrai"
OURS = "nantes.example"
"""The domain of the counters; what is for it is delivered to Dovecot."""
CITIZENS = "citoyens.example"
REFUSING = "refus.example"
"""A domain whose mail Postfix hands to whatever listens on ``PostOffice.refusing_port``."""
GONE, GREY = f"parti@{CITIZENS}", f"gris@{CITIZENS}"
"""Postfix refuses the first at RCPT, and asks whoever listens on ``policy_port`` about the other."""
BY_LMTP = "lmtp.example"
"""A domain whose mail Postfix hands over by LMTP on ``PostOffice.lmtp_port``."""

_NOBODY = "nobody"
_DOVECOT = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:{home}/mail/%u
mail_max_userip_connections = 200
recipient_delimiter = +
protocol lmtp {{
  mail_plugins =
  postmaster_address = postmaster@{ours}
}}
passdb {{
  driver = passwd-file
  deny = yes
  args = username_format=%u {home}/revoked
}}
auth_mechanisms = plain login xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {home}/oauth2.conf
}}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%u allow_all_users=yes
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service auth {{
  inet_listener {{
    port = {auth}
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {dovecot_lmtp}
  }}
}}
"""
_OAUTH = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={home}/keys/
username_attribute = sub
"""
_MAIN = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {home}/postfix.log
maillog_file_prefixes = {home}
myhostname = mx.{ours}
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
disable_dns_lookups = yes
virtual_mailbox_domains = {ours}, {citizens}
virtual_mailbox_maps = static:anybody
virtual_transport = lmtp:inet:127.0.0.1:{dovecot_lmtp}
lmtp_destination_recipient_limit = 1
recipient_delimiter = +
transport_maps = inline:{{ {{ {refusing} = smtp:[127.0.0.1]:{refused} }} {{ {by_lmtp} = lmtp:inet:127.0.0.1:{lmtp} }} }}
relay_domains = {refusing}, {by_lmtp}
default_transport = error:nothing leaves this machine
smtpd_restriction_classes = greylist
greylist = check_policy_service inet:127.0.0.1:{policy}
smtpd_recipient_restrictions =
  check_recipient_access inline:{{ {{ {gone} = 550 5.1.1 No such mailbox }} {{ {grey} = greylist }} }}
  permit_mynetworks, reject
smtpd_policy_service_try_limit = 1
delay_warning_time = 1s
smtpd_peername_lookup = no
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth}
mailbox_size_limit = 0
virtual_mailbox_limit = 0
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
lmtp_connect_timeout = 3s
smtp_connect_timeout = 3s
in_flow_delay = 0
smtp_destination_concurrency_failed_cohort_limit = 100
lmtp_destination_concurrency_failed_cohort_limit = 100
"""
_MASTER = """
127.0.0.1:{smtp} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def access_token(address: str, key: bytes = KEY) -> str:
    """Sign a token (RFC 7519) as a provider of identities would for this mailbox."""
    now = int(time.time())
    claims = {"sub": address, "iat": now, "exp": now + 3600}
    head = {"alg": "HS256", "typ": "JWT"}
    signed = b".".join(_coded(json.dumps(each).encode()) for each in (head, claims))
    return (signed + b"." + _coded(hmac.new(key, signed, hashlib.sha256).digest())).decode()


def _coded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def missing() -> str:
    """Say why the servers cannot run here; nothing when they can."""
    for program in ("dovecot", "postfix"):
        if shutil.which(program) is None and not Path(f"/usr/sbin/{program}").exists():
            return f"no {program} (Debian: apt-get install dovecot-imapd dovecot-lmtpd postfix)"
    if os.geteuid() != 0:
        return "Dovecot and Postfix start as root only"
    version = _run("dovecot", "--version").split()[0]
    return "" if version.startswith("2.3") else f"Dovecot {version} is configured in another way"


class PostOffice:
    """Mailboxes that spring up as they are written to; the login is the address.

    What is for ``@nantes.example`` and ``@citoyens.example`` lies in Dovecot's mailboxes.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self.imap_port, self.smtp_port, self.lmtp_port, own, *asked = _free_ports(7)
        self.refusing_port, self.policy_port, auth = asked
        user = pwd.getpwnam(_NOBODY)
        self._owner = (user.pw_uid, user.pw_gid)
        self._words = {
            "home": home, "ours": OURS, "citizens": CITIZENS, "refusing": REFUSING,
            "by_lmtp": BY_LMTP, "uid": user.pw_uid, "gid": user.pw_gid, "password": PASSWORD,
            "imap": self.imap_port, "smtp": self.smtp_port, "refused": self.refusing_port,
            "lmtp": self.lmtp_port, "dovecot_lmtp": own, "policy": self.policy_port,
            "auth": auth, "gone": GONE, "grey": GREY,
        }  # fmt: skip
        self._names = itertools.count(1)

    # --- life ------------------------------------------------------------------------------------

    @contextmanager
    def open(self) -> Iterator[PostOffice]:
        with ExitStack() as stack:
            dovecot = self._start_dovecot()
            stack.callback(dovecot.wait, 10)
            stack.callback(dovecot.terminate)
            self._start_postfix()
            stack.callback(_run, "postfix", "-c", self._home / "postfix", "stop")
            _wait_for(self.imap_port)
            _wait_for(self.smtp_port)
            yield self

    def _start_dovecot(self) -> subprocess.Popen[bytes]:
        for folder in ("run", "state", "mail"):
            (self._home / folder).mkdir()
        os.chown(self._home / "mail", *self._owner)
        (self._home / "revoked").write_text("")
        (self._home / "oauth2.conf").write_text(_OAUTH.format(**self._words))
        keys = self._home / "keys" / "default" / "HS256"
        keys.mkdir(parents=True)
        (keys / "default").write_text(base64.b64encode(KEY).decode())
        config = self._home / "dovecot.conf"
        config.write_text(_DOVECOT.format(**self._words))
        # in the foreground, or it would keep whatever pipe we read its words from
        with (self._home / "dovecot.out").open("wb") as out:
            return subprocess.Popen(
                [_program("dovecot"), "-F", "-c", config], stdout=out, stderr=out
            )

    def _start_postfix(self) -> None:
        folder = self._home / "postfix"
        for name in ("postfix", "queue", "data"):
            (self._home / name).mkdir()
        os.chown(self._home / "data", pwd.getpwnam("postfix").pw_uid, -1)
        (folder / "main.cf").write_text(_MAIN.format(**self._words).strip())
        (folder / "master.cf").write_text(_MASTER.format(**self._words).strip())
        _run("postfix", "-c", folder, "start")

    # --- mailboxes -------------------------------------------------------------------------------

    def new_mailbox(self) -> str:
        """Give an address of ours that nobody has used."""
        return f"compteur{next(self._names)}@{OURS}"

    def put(self, address: str, *mails: bytes) -> None:
        """Lay mails into a mailbox, as if they had just been delivered."""
        folder = self._home / "mail" / address
        for each in (folder, folder / "new", folder / "cur", folder / "tmp"):
            if not each.exists():
                each.mkdir()
                os.chown(each, *self._owner)
        for mail in mails:
            name = f"{time.time():.6f}.{next(self._names)}.here"
            (folder / "tmp" / name).write_bytes(mail)
            os.chown(folder / "tmp" / name, *self._owner)
            os.rename(folder / "tmp" / name, folder / "new" / name)

    def files(self, address: str, mailbox: str = "INBOX") -> list[Path]:
        folder = self._home / "mail" / address
        folder = folder if mailbox == "INBOX" else folder / f".{mailbox}"
        return [*folder.glob("new/*"), *folder.glob("cur/*")]

    def lying_in(self, address: str, mailbox: str = "INBOX") -> list[bytes]:
        """List the mails in a mailbox, in no order."""
        return [file.read_bytes() for file in self.files(address, mailbox)]

    def spoil(self, address: str, words: bytes) -> None:
        """Make the mail with these words one that Dovecot cannot open."""
        for file in self.files(address):
            if words in file.read_bytes():
                file.chmod(0)

    def empty(self, address: str) -> None:
        shutil.rmtree(self._home / "mail" / address, ignore_errors=True)

    def kick(self, address: str) -> None:
        """End every IMAP session of a mailbox."""
        _run("doveadm", "-c", self._home / "dovecot.conf", "kick", address, check=False)

    def revoke(self, address: str) -> None:
        """Refuse the password of a mailbox from now on."""
        with (self._home / "revoked").open("a") as file:
            file.write(f"{address}:\n")
        while self._lets_in(address):  # Dovecot looks at the file once a second
            time.sleep(0.05)
        self.kick(address)

    def _lets_in(self, address: str) -> bool:
        try:
            with imaplib.IMAP4("127.0.0.1", self.imap_port) as connection:
                connection.login(address, PASSWORD)
        except imaplib.IMAP4.error:
            return False
        return True

    def renumber(self, address: str) -> None:
        """Have Dovecot give a mailbox another UIDVALIDITY, as after a restored backup."""
        before = self._uidvalidity(address)
        while self._uidvalidity(address) == before:  # a session that ends late writes the old one
            self.kick(address)
            folder = self._home / "mail" / address
            known = (folder / "dovecot-uidlist").read_text()
            changed = re.sub(
                r" V(\d+) ", lambda found: f" V{int(found[1]) + 1000} ", known, count=1
            )
            (folder / "dovecot-uidlist").write_text(changed)
            for file in folder.glob("dovecot.index*"):
                file.unlink()

    def _uidvalidity(self, address: str) -> str:
        with imaplib.IMAP4("127.0.0.1", self.imap_port) as connection:
            connection.login(address, PASSWORD)
            return str(connection.status("INBOX", "(UIDVALIDITY)")[1])

    # --- the queue -------------------------------------------------------------------------------

    def flush(self) -> None:
        """Have Postfix try again at once what it put off."""
        _run("postqueue", "-c", self._home / "postfix", "-f")

    def queued(self) -> str:
        return _run("postqueue", "-c", self._home / "postfix", "-p")


@contextmanager
def opened() -> Iterator[PostOffice]:
    # not pytest's own folder: the servers' users must be able to enter it, by a short name
    home = Path(tempfile.mkdtemp(prefix="guichet-post-"))
    home.chmod(0o755)
    try:
        with PostOffice(home).open() as office:
            yield office
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _run(program: str, *arguments: object, check: bool = True) -> str:
    """Run a program to its end; its words go through a file, which daemons may keep open."""
    with tempfile.TemporaryFile("w+") as out:
        done = subprocess.run(
            [_program(program), *map(str, arguments)],
            stdout=out, stderr=out, stdin=subprocess.DEVNULL, timeout=30, check=False,
        )  # fmt: skip
        out.seek(0)
        text = out.read()
    if check and done.returncode:
        raise RuntimeError(f"{program}: {text}")
    return text


def _program(name: str) -> str:
    return shutil.which(name) or f"/usr/sbin/{name}"


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def _wait_for(port: int, tries: Iterable[int] = range(1500)) -> None:
    for _ in tries:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"nothing listens on {port}")
