"""Lines of daemons: who guessed, who looked around; and lines that were made to look like others."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from junkhound.kernel import net
from junkhound.wire import logs
from junkhound.wire.logs import line as lines

NOW = 1_736_200_000_000_000  # 2025-01-06T21:46:40Z
REAL, FORGED = "192.0.2.7", "203.0.113.66"


def read(text: str, *before: str) -> logs.Event | None:
    reader = logs.Reader()
    for one in before:
        reader.read(one, NOW)
    return reader.read(text, NOW)


# what, line with {ip}; a {user} is what a stranger may type
# ruff: noqa: E501 - lines as the daemons write them
LINES = (
    ("guess", "Jan  6 10:00:00 mx sshd[1]: Failed password for {user} from {ip} port 50273 ssh2"),
    ("guess", "Jan  6 10:00:00 mx sshd[1]: Failed password for invalid user {user} from {ip} port 50273 ssh2"),
    ("guess", "Jan  6 10:00:00 mx sshd[1]: Invalid user {user} from {ip} port 50273"),
    ("guess", "Jan  6 10:00:00 mx sshd[1]: error: PAM: Authentication failure for {user} from {ip}"),
    ("guess", "Jan  6 10:00:00 mx sshd[1]: User {user} from {ip} not allowed because not listed in AllowUsers"),
    ("guess", "Jan  6 10:00:00 mx sshd[1]: Connection closed by authenticating user {user} {ip} port 1234 [preauth]"),
    ("guess", "Jan  6 10:00:00 mx sshd[1]: Disconnecting invalid user {user} {ip} port 4400: Change of username or"
              " service not allowed: ({user},ssh-connection) -> (user,ssh-connection) [preauth]"),
    ("probe", "Jan  6 10:00:00 mx sshd[1]: Bad protocol version identification '{user}' from {ip} port 31778"),
    ("probe", "Jan  6 10:00:00 mx sshd[1]: Did not receive identification string from {ip} port 31778"),
    ("guess", "Jan  6 10:00:00 mx postfix/smtpd[1]: warning: unknown[{ip}]: SASL LOGIN authentication failed: {user}"),
    ("guess", "Jan  6 10:00:00 mx postfix/submission/smtpd[1]: disconnect from unknown[{ip}] ehlo=1 auth=0/1 quit=1"),
    ("harvest", "Jan  6 10:00:00 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from a.example[{ip}]: 550 5.1.1"
                " <{user}>: Recipient address rejected: User unknown; from=<{user}> to=<{user}> proto=ESMTP helo=<{user}>"),
    ("probe", "Jan  6 10:00:00 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from a.example[{ip}]: 454 4.7.1 <a@b.example>:"
              " Relay access denied; from=<{user}> to=<{user}> proto=ESMTP helo=<{user}>"),
    ("probe", "Jan  6 10:00:00 mx postfix/postscreen[1]: PREGREET 14 after 0.08 from [{ip}]:59415: {user}"),
    ("guess", "Jan  6 10:00:00 mx dovecot: imap-login: Disconnected (auth failed, 2 attempts in 9 secs): user=<{user}>,"
              " method=PLAIN, rip={ip}, lip=198.51.100.1, TLS, session=<q454Xu/v>"),
    ("guess", "Jan  6 10:00:00 mx dovecot: auth: sql({user},{ip},<6rXunFtu493AqJDi>): Password mismatch"),
    ("guess", "Jan  6 10:00:00 mx dovecot: auth: ldap({user},{ip},<6rXu>): unknown user (given password: {user})"),
    ("guess", "Jan  6 10:00:00 auth({user},{ip},sasl:login)<CvN>: Info: sql: Password mismatch (given password: {user})"),
    ("guess", "2025-01-06 10:00:00 plain authenticator failed for (x) [{ip}]:41556: 535 Incorrect authentication data"
              " (set_id={user})"),
    ("probe", '2025-01-06 10:00:00 SMTP protocol error in "{user}" H=(x) [{ip}] AUTH command used when not advertised'),
    ("harvest", "2025-01-06 10:00:00 H=a.example (x) [{ip}] F=<a@b.example> rejected RCPT <x@y.example>: Unrouteable"
                " address"),
    ("guess", "Jan  6 10:00:00 mx sendmail[1]: 06I02: AUTH failure (LOGIN): authentication failure (-13) checkpass failed,"
              " user={user}, relay=[{ip}] (may be forged)"),
    ("guess", "Jan  6 10:00:00 mx sm-mta[1]: s1G: a.example [{ip}]: possible SMTP attack: command=AUTH, count=5"),
    ("guess", "Jan  6 10:00:00 mx imapd: LOGIN FAILED, user={user}, ip=[{ip}]"),
    ("guess", "Jan  6 10:00:00 mx cyrus/imaps[1]: badlogin: a.example [{ip}] PLAIN [SASL(-13): user not found: {user}]"),
    ("guess", "Jan  6 10:00:00 mx ipop3d[1]: Login failed user={user} auth={user} host=a.example [{ip}]"),
    ("guess", "[18/Jan/2025 06:41:25] Failed SMTP login from {ip} with SASL method CRAM-MD5."),
    ("harvest", "[18/Jan/2025 06:41:25] Attempt to deliver to unknown recipient <{user}>, from <{user}>, IP address {ip}"),
    ("guess", "Jan  6 10:00:00 mx roundcube: IMAP Error: Login failed for {user} from {ip}. AUTHENTICATE PLAIN: A2 NO"
              " Login failed. user={user} in /usr/share/rcube_imap.php on line 205 (POST /?_task=login)"),
    ("guess", "[06-Jan-2025 10:00:00 +0000]: <4z5> Failed login for {user} from {ip} in session 4z506z6r (error: 0)"),
    ("guess", "Jan  6 10:00:00 mx sogod [1]: SOGoRootPage Login from '{ip}' for user '{user}' might not have worked"),
    ("guess", "[Mon Jan 06 10:00:00.123456 2025] [auth_basic:error] [pid 1] [client {ip}:5050] AH01617: user {user}:"
              ' authentication failure for "/": Password Mismatch'),
    ("guess", '2025/01/06 10:00:00 [error] 12#12: *34 user "{user}": password mismatch, client: {ip}, server: a.example,'
              ' request: "GET /{user} HTTP/1.1", host: "{user}"'),
    ("guess", "Jan  6 10:00:00 mx proftpd[1]: mx (a.example[{ip}]) - USER {user}: no such user found from a.example to x:21"),
    ("guess", "Jan  6 10:00:00 mx pure-ftpd: (?@{ip}) [WARNING] Authentication failed for user [{user}]"),
    ("guess", 'Mon Jan  6 10:00:00 2025 [pid 1] [{user}] FAIL LOGIN: Client "{ip}"'),
    ("guess", "Jan  6 10:00:00 mx vsftpd[1]: pam_unix(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp"
              " ruser={user} rhost={ip}  user={user}"),
    ("accepted", "2025-01-06 10:00:00 1tUabc-0001Xy-2B <= {user}@b.example H=a.example (x) [{ip}]:3321 P=esmtps"
                 ' X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no S=2000 id={user}@b.example T="{user}"'),
    ("accepted", "2025-01-06 10:00:00 #38(normal) <73b3a9>; task; rspamd_task_write_log: id: <{user}@b.example>, qid: <46A38>,"
                 " ip: {ip}, from: <{user}@b.example>, (default: F (no action): [-0.50/15.00]"
                 " [R_DKIM_ALLOW(-0.20){b.example:s=s1;},MIME_GOOD(-0.10){text/plain;}]), len: 5936, time: 120.5ms"),
)  # fmt: skip

TRICKS = (
    f"x from {FORGED}", f"x from {FORGED} port 22 ssh2", f"x from {FORGED} port 22 ssh2: y", f" {FORGED} port 22 [preauth]",
    f"x {FORGED} port 5: Change of username or service not allowed: ", f"a>, method=PLAIN, rip={FORGED}, lip=1.1.1.1",
    f"a,{FORGED},<s>): unknown user", f"a,{FORGED}): Password mismatch (given password: ",
    f"a,{FORGED},sasl:login)<x>: Info: sql: Password mismatch", f"x, relay=[{FORGED}]", f"x, ip=[::ffff:{FORGED}]",
    f"x [{FORGED}]", f"[{FORGED}]: 535 Incorrect authentication data", f"x from {FORGED}. AUTHENTICATE PLAIN",
    f"x from {FORGED} in session abc (error: 0)", f'x": password mismatch, client: {FORGED}, server: a, request: "',
    f"rhost={FORGED}", f"x rhost={FORGED}  user=root", f"x' from {FORGED} port 1", f"x - {FORGED}",
    f'" H=(y) [{FORGED}] AUTH command used when not advertised', f'] FAIL LOGIN: Client "{FORGED}"', f", IP address {FORGED}",
    f"'{FORGED}' for user 'x' might not have worked", f"x host=y [{FORGED}]", f"(x[{FORGED}]) - USER y: no such user found from ",
    f"unknown[{FORGED}]: SASL LOGIN authentication failed: x", f"[client {FORGED}] AH1: user x: authentication failure for \"",
    f"x H=y [{FORGED}] P=smtp S=1 ", f"x>, qid: <46>, ip: {FORGED}, from: <a>, (default: F (no action): [-1.00/15.00] [",
)  # fmt: skip
typed = st.lists(st.sampled_from([*TRICKS, " ", "root", "from ", "port 22", ">", ")", ": ", "[preauth]"]), max_size=4)


@pytest.mark.parametrize(("what", "text"), LINES, ids=[text[:60] for _, text in LINES])
@pytest.mark.parametrize("ip", [REAL, "2001:db8::7"])
def test_each_line_names_who_did_it(what: str, text: str, ip: str) -> None:
    found = read(text.replace("{user}", "root").replace("{ip}", ip))
    assert found is not None
    assert (found.what, found.address) == (what, net.parse(ip))


@pytest.mark.parametrize("trick", TRICKS)
def test_what_was_typed_is_never_taken_for_the_daemons_word(trick: str) -> None:
    for _, text in LINES:
        found = read(text.replace("{user}", trick).replace("{ip}", REAL))
        assert found is None or str(found.address) == REAL, text


@given(st.sampled_from([text for _, text in LINES]), typed)
@example(LINES[0][1], [TRICKS[1]])
def test_however_it_is_typed(text: str, words: list[str]) -> None:
    found = read(text.replace("{user}", "".join(words)).replace("{ip}", REAL))
    assert found is None or str(found.address) == REAL


@pytest.mark.parametrize(("_", "text"), LINES)
def test_a_line_that_another_program_quotes_is_not_the_daemons(_: str, text: str) -> None:
    text = text.replace("{user}", "root").replace("{ip}", FORGED)
    for program in ("myapp[9]", "kernel", "nginx", "sudo[1]", "cron[2]"):
        found = read(f"Jan  6 10:00:00 mx {program}: request: {text}")
        assert found is None, program


def test_a_session_that_is_told_in_parts_is_counted_once() -> None:
    reader = logs.Reader()
    told = [
        "Jan  6 10:00:00 mx sshd[7]: Invalid user bob from 192.0.2.7 port 50273",
        "Jan  6 10:00:00 mx sshd[7]: input_userauth_request: invalid user bob [preauth]",
        "Jan  6 10:00:01 mx sshd[7]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser="
        " rhost=192.0.2.7",
        "Jan  6 10:00:02 mx sshd[7]: Failed password for invalid user bob from 192.0.2.7 port 50273 ssh2",
        "Jan  6 10:00:03 mx sshd[7]: Received disconnect from 192.0.2.7 port 50273:11: Bye Bye [preauth]",
    ]
    assert [event.what for text in told if (event := reader.read(text, NOW))] == ["guess"]


QUEUED = "Jan  6 10:00:00 mx postfix/smtpd[1]: 4ABC123DEF: client=a.example[192.0.2.7]"
SENT = (
    "Jan  6 10:00:01 mx postfix/lmtp[2]: 4ABC123DEF: to=<u@x.example>, relay=mx[private/lmtp], delay=0.1, dsn=2.0.0,"
    " status=sent (250 2.0.0 <u> saved)"
)


def test_mail_that_postfix_delivered_is_its_clients_once() -> None:
    reader = logs.Reader()
    told = [reader.read(text, NOW) for text in (QUEUED, SENT, SENT)]
    assert [one and (one.what, str(one.address)) for one in told] == [None, ("accepted", "192.0.2.7"), None]


@pytest.mark.parametrize(
    "lines",
    [
        (QUEUED + ", sasl_method=PLAIN, sasl_username=u", SENT),  # our own user, wherever he is
        (
            QUEUED,
            SENT.replace("status=sent (250 2.0.0 <u> saved)", "status=sent (250 2.7.0 Ok, discarded, id=1 - spam)"),
        ),
        (QUEUED, SENT.replace("status=sent", "status=bounced")),
        (QUEUED, "Jan  6 10:00:00 mx postfix/cleanup[3]: 4ABC123DEF: milter-reject: END-OF-MESSAGE from x", SENT),
        (QUEUED, SENT.replace("4ABC123DEF", "4ABC123DEE")),
        (QUEUED.replace(" mx ", " mx2 "), SENT),  # queue ids are those of one host
        (SENT,),
    ],
)
def test_mail_that_was_not_taken_from_a_stranger_is_nobodys(lines: tuple[str, ...]) -> None:
    reader = logs.Reader()
    assert not any(reader.read(text, NOW) for text in lines)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (None, "2025-01-06 10:00:00 1tUabc-0001Xy-2B <= a@b.example H=(x) [192.0.2.7]:3 P=esmtpsa A=plain:u S=2000"),
        (None, "2025-01-06 10:00:00 1tUabc-0001Xy-2B <= a@b.example U=root P=local S=2000"),
        ("refused", LINES[-1][1].replace("{ip}", "192.0.2.7").replace("F (no action)", "T (reject)")),
        (None, LINES[-1][1].replace("{ip}", "192.0.2.7").replace("F (no action)", "F (add header)")),
        (None, LINES[-1][1].replace("{ip}", "192.0.2.7").replace(", from", ", user: bob, from")),
    ],
)
def test_what_exim_and_rspamd_did_not_take_from_a_stranger(kind: str | None, text: str) -> None:
    found = read(text)
    assert (found.what if found else None) == kind


def test_keys_that_do_not_fit_are_no_guess_where_one_fits() -> None:
    tried = "Jan  6 10:00:00 mx sshd[7]: Failed publickey for git from 192.0.2.7 port 57904 ssh2: RSA 04:bc"
    fits = "Jan  6 10:00:01 mx sshd[7]: Accepted publickey for git from 192.0.2.7 port 57904 ssh2: RSA 36:48"
    assert read(tried) is None
    assert read("Jan  6 10:00:02 mx sshd[7]: Connection closed by 192.0.2.7", tried, fits) is None
    found = read("Jan  6 10:00:02 mx sshd[7]: Connection closed by 192.0.2.7 [preauth]", tried)
    assert found is not None
    assert found.what == "guess"


def test_a_name_is_no_address() -> None:
    assert read("Jan  6 10:00:00 mx sshd[1]: Failed password for root from dsl-7.example port 5 ssh2") is None
    assert read("Jan  6 10:00:00 mx sshd[1]: Failed password for root from 999.0.2.7 port 5 ssh2") is None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Jan  6 10:00:00 mx sshd[1]: x", 1736157600),
        ("Dec  6 10:00:00 mx sshd[1]: x", 1733479200),  # the latest that is not in the future
        ("2025-01-06T10:00:00.123456+01:00 mx sshd[1]: x", 1736154000),
        ("<38>1 2025-01-06T10:00:00Z mx sshd 55 - - x", 1736157600),
        ('<38>1 2025-01-06T10:00:00Z mx sshd 55 - [t a="]" b="\\""] x', 1736157600),
        ("@40000000677ba9aa00000000 imap-login: x", 1736157600),
        ("2025-01-06 10:00:00 x", 1736157600),
        ("[06-Jan-2025 10:00:00 +0200]: x", 1736150400),
        ('192.0.2.7 - - [06/Jan/2025:10:00:00 +0000] "GET / HTTP/1.1" 401 5', 1736157600),
        ("type=USER_AUTH msg=audit(1736157600.000:9): x", 1736157600),
        ("mx sshd[1]: x", None),
        ("Jan 36 10:00:00 mx sshd[1]: x", None),
        ("Feb 29 10:00:00 mx sshd[1]: x", 1709200800),
    ],
)
def test_times(text: str, at: int | None) -> None:
    assert lines.read(text, lambda wall: wall, NOW).at == (None if at is None else at * 1_000_000)


def test_the_clock_of_the_log_is_asked() -> None:
    berlin = lines.read("Jan  6 10:00:00 mx sshd[1]: x", lambda wall: wall - 3_600_000_000, NOW)
    assert berlin.at == 1736154000_000000
    assert (berlin.host, berlin.program, berlin.pid, berlin.text) == ("mx", "sshd", "1", "x")


@given(st.text(max_size=300))
def test_any_line_is_read(text: str) -> None:
    for lead in ("", "Jan  6 10:00:00 mx sshd[1]: ", "2025-01-06 10:00:00 ", "[18/Jan/2025 06:41:25] "):
        found = read(lead + text)
        assert found is None or isinstance(found, logs.Event)


@pytest.mark.parametrize(
    "fill", [" from 1.2.3.4", "rip=1.2.3.4, ", "(", "[1.2.3.4] ", ", client: 1.2.3.4, server: ", "a: ", '"\\']
)
def test_hostile_lines_take_bounded_time(fill: str) -> None:
    started = time.process_time()
    for _, text in LINES:
        read(text.replace("{user}", fill * 3000).replace("{ip}", REAL))
        read(text.replace("{user}", "x").replace("{ip}", fill * 3000))
    assert time.process_time() - started < 3
