/* Received lines in the forms that nine of ten have, and their dates: see trace/dialects and trace/dates.py.
 *
 * The forms are those of the patterns of Postfix, Sendmail, Exchange, fetchmail and the plain one, read from left to
 * right without going back. A pattern tries the same way first, so what is read here is what it matches; every line
 * that does not fit, or holds the marker of another program, is given to `read_line`.
 */
#include "grams.h"

enum { LINE_LIMIT = 4096 };

/* --- dates ---------------------------------------------------------------------------------------------------- */

/* Days since 1970 of a day in the Gregorian calendar; -1 where there is no such day. */
static long day_number(long year, int month, int day) {
    static const int LENGTHS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (year < 1970 || year > 2199 || month < 1 || month > 12) return -1;
    if (day < 1 || day > LENGTHS[month - 1] + (month == 2 && leap)) return -1;
    long before = year - 1;
    long days = before * 365 + before / 4 - before / 100 + before / 400 - 719162;
    for (int other = 1; other < month; other++) days += LENGTHS[other - 1] + (other == 2 && leap);
    days += day - 1;
    return days < 84000 ? days : -1;
}

static int month_number(const byte *text) {
    static const char MONTHS[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    byte low[3] = {octet_low[text[0]], octet_low[text[1]], octet_low[text[2]]};
    for (int month = 0; month < 12; month++)
        if (memcmp(low, MONTHS + 3 * month, 3) == 0) return month + 1;
    return 0;
}

/* `size` more digits at `at`, or -1. */
static int digits(const byte *text, Py_ssize_t at, Py_ssize_t stop, int size) {
    int value = 0;
    if (stop - at < size) return -1;
    for (int place = 0; place < size; place++) {
        if (!is_digit(text[at + place])) return -1;
        value = value * 10 + text[at + place] - 48;
    }
    return value;
}

/* Where the blanks end that begin at `at`; `stop` if there are none. */
static Py_ssize_t past_fold(const byte *text, Py_ssize_t at, Py_ssize_t stop) {
    return at < stop && is_blank(text[at]) ? after_blanks(text, at, stop) : stop;
}

/* The instant of `Mon, 6 Jan 2025 10:00:05 +0000`, folded or not, whatever follows, in microseconds; 0 for any other form,
 * which another reader may know. */
static int instant(const byte *text, Py_ssize_t at, Py_ssize_t size, long long *found) {
    at = after_blanks(text, at, size);
    Py_ssize_t word = at;
    while (at < size && is_letter(text[at])) at++;
    if (at > word) {
        if (at - word < 2 || at - word > 9) return 0;
        if (at < size && text[at] == ',') at++;
        at = after_blanks(text, at, size);
    }
    int day = digits(text, at, size, 2);
    if (day < 0) day = digits(text, at, size, 1), at++;
    else at += 2;
    if (day < 0) return 0;
    at = past_fold(text, at, size);
    if (size - at < 3 || !is_letter(text[at]) || !is_letter(text[at + 1]) || !is_letter(text[at + 2])) return 0;
    int month = month_number(text + at);
    at = past_fold(text, at + 3, size);
    int year = digits(text, at, size, 4);
    at = past_fold(text, at + 4, size);
    int hour = digits(text, at, size, 2), minute = digits(text, at + 3, size, 2), second = digits(text, at + 6, size, 2);
    if (year < 0 || hour < 0 || minute < 0 || second < 0 || text[at + 2] != ':' || text[at + 5] != ':') return 0;
    if (hour > 23 || minute > 59 || second > 60) return 0;
    at = past_fold(text, at + 8, size);
    int east = digits(text, at + 1, size, 2), rest = digits(text, at + 3, size, 2);
    if (east < 0 || rest < 0 || (text[at] != '+' && text[at] != '-') || east > 14 || rest > 59) return 0;
    long days = day_number(year, month, day);
    if (days < 0) return 0;
    long long zone = (east * 3600LL + rest * 60LL) * (text[at] == '-' ? -1 : 1);
    *found = (days * 86400LL + hour * 3600LL + minute * 60LL + second - zone) * 1000000LL;
    return 1;
}

/* date(text) -> the instant that it names in the usual form, in microseconds; None where another reader must be asked. */
PyObject *step_date(PyObject *self, PyObject *text) {
    if (!PyUnicode_Check(text)) return PyErr_Format(PyExc_TypeError, "date wants text");
    if (!PyUnicode_IS_COMPACT_ASCII(text)) Py_RETURN_NONE;
    const byte *written = PyUnicode_1BYTE_DATA(text);
    Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    long long found;
    if (!instant(written, after_blanks(written, 0, size), size, &found)) Py_RETURN_NONE;
    return PyLong_FromLongLong(found);
}

/* --- the pieces of a line -------------------------------------------------------------------------------------- */

/* What stops a run of bytes, or is a member of one. Lines are read here only if they are all ASCII. */
enum {
    SPACE = 1,    /* \s of text: some control bytes too */
    PAREN = 2,    /* ( ) */
    BRACKET = 4,  /* [ ] */
    ANGLE = 8,    /* < > */
    SEMICOLON = 16,
    AT = 32,
    COMMA = 64,
    ALNUM_ = 128, /* \w */
    HEX_DOT = 256, /* [0-9A-Fa-f:.] */
    DATED = 512,  /* [A-Za-z0-9,:.+\s-] */
    DASH = 1024,
    DOT = 2048,
    NUMBER = 4096, /* \d */
};
static unsigned short classes[128];

void received_prepare(void) {
    for (int c = 0; c < 128; c++) {
        unsigned found = 0;
        int space = c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x1f);
        int alnum = is_letter((byte)c) || is_digit((byte)c);
        if (space) found |= SPACE;
        if (c == '(' || c == ')') found |= PAREN;
        if (c == '[' || c == ']') found |= BRACKET;
        if (c == '<' || c == '>') found |= ANGLE;
        if (c == ';') found |= SEMICOLON;
        if (c == '@') found |= AT;
        if (c == ',') found |= COMMA;
        if (alnum || c == '_') found |= ALNUM_;
        if (is_hex((byte)c) || c == ':' || c == '.') found |= HEX_DOT;
        if (alnum || space || c == ',' || c == ':' || c == '.' || c == '+' || c == '-') found |= DATED;
        if (c == '-') found |= DASH;
        if (c == '.') found |= DOT;
        if (is_digit((byte)c)) found |= NUMBER;
        classes[c] = (unsigned short)found;
    }
}

typedef struct {
    Py_ssize_t at, stop; /* `stop` 0: there is none */
} Span;

typedef struct {
    const byte *text;
    Py_ssize_t size, at;
} Cursor;

/* Every one of these goes on if what it looks for stands there, and stays where it is if not. */

static int literal(Cursor *line, const char *word) {
    Py_ssize_t size = (Py_ssize_t)strlen(word);
    if (!begins(line->text, line->at, line->size, word, size)) return 0;
    line->at += size;
    return 1;
}

/* [members]*+ */
static void over(Cursor *line, unsigned members) {
    while (line->at < line->size && classes[line->text[line->at]] & members) line->at++;
}

/* [^stops]*+ */
static void until(Cursor *line, unsigned stops) {
    while (line->at < line->size && !(classes[line->text[line->at]] & stops)) line->at++;
}

static int blanks(Cursor *line) { /* \s++ */
    Py_ssize_t start = line->at;
    over(line, SPACE);
    return line->at > start;
}

static int some_of(Cursor *line, unsigned members, Span *found) {
    Py_ssize_t start = line->at;
    over(line, members);
    if (line->at == start) return 0;
    *found = (Span){start, line->at};
    return 1;
}

static int some_until(Cursor *line, unsigned stops, Span *found) {
    Py_ssize_t start = line->at;
    until(line, stops);
    if (line->at == start) return 0;
    *found = (Span){start, line->at};
    return 1;
}

/* A word with blanks before it, and behind it. */
static int clause(Cursor *line, const char *word) {
    Py_ssize_t start = line->at;
    if (blanks(line) && literal(line, word) && blanks(line)) return 1;
    line->at = start;
    return 0;
}

/* What a line says, piece by piece; words that are no pieces of it are given as they are. */
typedef struct {
    Span helo, ident, rdns, ip, by, by_ip, protocol, id, recipient, tls, account, sender, date;
    const char *protocol_is, *rdns_is;
    int auth, local, verified, pickup;
} Said;

/* `HELO`: a word, or what stands in square brackets. */
static int helo(Cursor *line, Said *said) {
    Py_ssize_t start = line->at;
    if (some_until(line, SPACE | PAREN | BRACKET | ANGLE | SEMICOLON, &said->helo)) return 1;
    if (!literal(line, "[")) return 0;
    until(line, SPACE | PAREN | BRACKET | SEMICOLON);
    if (!literal(line, "]")) return 0;
    said->helo = (Span){start, line->at};
    return 1;
}

/* An address with its zone, which does not count: `[0-9A-Fa-f:.]++)(?:%\w++)?`. */
static int numbers(Cursor *line, Span *found) {
    Span zone;
    if (!some_of(line, HEX_DOT, found)) return 0;
    return !literal(line, "%") || some_of(line, ALNUM_, &zone);
}

/* `IP` */
static int address(Cursor *line, Span *found) {
    if (!literal(line, "[")) return 0;
    literal(line, "IPv6:");
    return numbers(line, found) && literal(line, "]");
}

/* `[^()\[\]]*+(?:\([^()\[\]]*+\)[^()\[\]]*+)*+\)`: the rest of a comment, with comments inside it. */
static int rest_of_comment(Cursor *line) {
    until(line, PAREN | BRACKET);
    while (literal(line, "(")) {
        until(line, PAREN | BRACKET);
        if (!literal(line, ")")) return 0;
        until(line, PAREN | BRACKET);
    }
    return literal(line, ")");
}

/* `NOTE` with blanks before it: a comment that names no address. */
static int note(Cursor *line) {
    static const char *WORDS[] = {"using", "No", "no", "Client", "Authenticated", "authenticated", "version="};
    Py_ssize_t start = line->at;
    if (blanks(line) && literal(line, "("))
        for (int number = 0; number < 7; number++)
            if (literal(line, WORDS[number])) {
                if (line->at >= line->size || !(classes[line->text[line->at]] & (SPACE | ALNUM_))) break;
                line->at++;
                if (rest_of_comment(line)) return 1;
                break;
            }
    line->at = start;
    return 0;
}

/* `ID` */
static void queued(Cursor *line, Said *said) {
    Py_ssize_t start = line->at;
    if (!clause(line, "id") || !some_until(line, SPACE | PAREN | SEMICOLON, &said->id)) line->at = start;
}

/* `FOR` */
static void recipient(Cursor *line, Said *said) {
    Py_ssize_t start = line->at;
    if (!clause(line, "for")) return;
    literal(line, "<");
    if (some_until(line, SPACE | PAREN | ANGLE | SEMICOLON, &said->recipient)) literal(line, ">");
    else line->at = start;
}

/* `\s++\(version=([^\s()]++)[^()\[\]]*+\)` */
static int encrypted(Cursor *line, Said *said, unsigned stops) {
    Py_ssize_t start = line->at;
    if (blanks(line) && literal(line, "(version=") && some_until(line, stops, &said->tls)) {
        until(line, PAREN | BRACKET);
        if (literal(line, ")")) return 1;
    }
    said->tls = (Span){0, 0};
    line->at = start;
    return 0;
}

/* `DATE`: it ends the line. */
static int dated(Cursor *line, Said *said) {
    over(line, SPACE);
    if (!literal(line, ";")) return 0;
    over(line, SPACE);
    Py_ssize_t start = line->at;
    over(line, DATED);
    while (literal(line, "(")) {
        until(line, PAREN | BRACKET);
        if (!literal(line, ")")) return 0;
        over(line, SPACE);
    }
    said->date = (Span){start, line->at};
    for (Py_ssize_t at = start; (at = FIND(line->text, "(envelope-from", at, line->size)) >= 0; at++) { /* `_SENDER` */
        Cursor sender = {line->text, line->size, at + 14};
        if (!blanks(&sender)) continue;
        literal(&sender, "<");
        if (some_until(&sender, SPACE | PAREN | ANGLE, &said->sender)) break;
    }
    return line->at == line->size;
}

static int from(Cursor *line) {
    over(line, SPACE);
    return literal(line, "from") && blanks(line);
}

/* --- the programs ---------------------------------------------------------------------------------------------- */

/* What the notes of Postfix say: `_LOGIN` and `_TLS`. */
static void notes_of(const byte *text, Py_ssize_t at, Py_ssize_t stop, Said *said) {
    Py_ssize_t login = FIND(text, "uthenticated sender", at, stop);
    if (login >= 0) {
        Cursor behind = {text, stop, login + 19};
        said->auth = 1;
        if (literal(&behind, ":") && blanks(&behind)) some_until(&behind, SPACE | PAREN, &said->account);
    }
    for (Py_ssize_t tls = at; (tls = FIND(text, "using", tls, stop)) >= 0; tls++) {
        Cursor behind = {text, stop, tls + 5};
        if (blanks(&behind) && some_until(&behind, SPACE, &said->tls)) return;
    }
}

static int postfix(Cursor *line, Said *said) {
    said->verified = 1;
    if (!from(line) || !helo(line, said) || !blanks(line) || !literal(line, "(")) return 0;
    if (!some_until(line, SPACE | PAREN | BRACKET, &said->rdns) || !blanks(line) || !address(line, &said->ip)) return 0;
    Span port;
    if (literal(line, ":") && !some_of(line, NUMBER, &port)) return 0;
    if (!literal(line, ")")) return 0;
    Py_ssize_t notes = line->at;
    while (note(line)) continue;
    notes_of(line->text, notes, line->at, said);
    if (!clause(line, "by") || !some_until(line, SPACE | PAREN | BRACKET | SEMICOLON, &said->by)) return 0;
    if (!blanks(line) || !literal(line, "(Postfix")) return 0;
    until(line, PAREN | BRACKET);
    if (literal(line, "(")) {
        until(line, PAREN | BRACKET);
        if (!literal(line, ")")) return 0;
    }
    if (!literal(line, ")") || !clause(line, "with") || !some_of(line, ALNUM_, &said->protocol)) return 0;
    queued(line, said);
    recipient(line, said);
    return dated(line, said);
}

/* `(IDENT@NAME [ADDRESS]` as far as the address: what stands before it in parentheses. */
static int looked_up(Cursor *line, Said *said) {
    Span word;
    if (some_until(line, SPACE | PAREN | BRACKET | AT, &word)) {
        if (literal(line, "@")) {
            said->ident = word;
            some_until(line, SPACE | PAREN | BRACKET | AT, &said->rdns);
        } else said->rdns = word;
    }
    over(line, SPACE);
    return address(line, &said->ip);
}

/* `\((?P<version>8\.[^()\s]*+)[^()\[\]]*+\)` */
static int version(Cursor *line) {
    if (!blanks(line) || !literal(line, "(8.")) return 0;
    until(line, PAREN | SPACE);
    until(line, PAREN | BRACKET);
    return literal(line, ")");
}

/* `_OWN`: handed in on the machine itself. */
static int sendmail_own(Cursor *line, Said *said) {
    said->local = said->pickup = 1;
    over(line, SPACE);
    if (literal(line, "(from")) {
        if (!blanks(line) || !some_until(line, SPACE | PAREN, &said->ident) || !literal(line, ")") || !blanks(line)) return 0;
    }
    if (!literal(line, "by") || !blanks(line) || !some_until(line, SPACE | PAREN | BRACKET | SEMICOLON, &said->by)) return 0;
    if (!version(line)) return 0;
    if (clause(line, "with") && !some_of(line, ALNUM_, &said->protocol)) return 0;
    queued(line, said);
    recipient(line, said);
    return dated(line, said);
}

static int sendmail(Cursor *line, Said *said) {
    Cursor own = *line;
    over(&own, SPACE);
    if (!literal(&own, "from")) return sendmail_own(line, said);
    said->rdns_is = "unknown";
    said->verified = 1;
    if (!from(line) || !helo(line, said) || !blanks(line) || !literal(line, "(") || !looked_up(line, said)) return 0;
    Py_ssize_t before = line->at;
    if (blanks(line) && literal(line, "(may") && blanks(line) && literal(line, "be") && blanks(line) &&
        literal(line, "forged)"))
        said->verified = 0;
    else line->at = before;
    if (!literal(line, ")")) return 0;
    before = line->at;
    if (blanks(line) && literal(line, "(authenticated")) {
        until(line, PAREN | BRACKET);
        if (literal(line, "(")) {
            until(line, PAREN | BRACKET);
            if (!literal(line, ")")) return 0;
        }
        if (!literal(line, ")")) return 0;
        said->auth = 1;
    } else line->at = before;
    if (!clause(line, "by") || !some_until(line, SPACE | PAREN | BRACKET | SEMICOLON, &said->by) || !version(line)) return 0;
    if (!clause(line, "with") || !some_of(line, ALNUM_, &said->protocol)) return 0;
    queued(line, said);
    encrypted(line, said, SPACE | PAREN);
    recipient(line, said);
    if (said->ident.stop) {
        Cursor ident = {line->text, said->ident.stop, said->ident.at};
        static const char PREFIX[] = "ident:";
        int place = 0;
        while (place < 6 && ident.at + place < ident.size && octet_low[ident.text[ident.at + place]] == (byte)PREFIX[place]) place++;
        if (place == 6) said->ident.at += 6;
    }
    return dated(line, said);
}

/* -1: no line of its, for it shows no bare address in parentheses. */
static int exchange(Cursor *line, Said *said) {
    said->protocol_is = "ESMTP";
    if (!from(line) || !helo(line, said) || !blanks(line) || !literal(line, "(")) return 0;
    literal(line, "[");
    if (!numbers(line, &said->ip)) return -1;
    literal(line, "]");
    if (!literal(line, ")")) return -1;
    if (!clause(line, "by") || !some_until(line, SPACE | PAREN | BRACKET | SEMICOLON, &said->by)) return 0;
    Py_ssize_t before = line->at;
    if (blanks(line) && literal(line, "(")) {
        literal(line, "[");
        if (!numbers(line, &said->by_ip)) return 0;
        literal(line, "]");
        if (!literal(line, ")")) return 0;
    } else line->at = before;
    if (!clause(line, "with")) return 0;
    if (literal(line, "HTTPS")) said->protocol_is = "OUTLOOK-HTTPS"; /* between two mailbox servers, no person's browser */
    else if (literal(line, "mapi")) {
        said->protocol_is = "mapi";
        said->local = said->pickup = 1;
    } else {
        Span build;
        if (!literal(line, "Microsoft") || !blanks(line) || !literal(line, "SMTP")) return 0;
        if (literal(line, "SVC(")) {
            if (!some_of(line, NUMBER | DOT, &build) || !literal(line, ")")) return 0;
        } else if (!blanks(line) || !literal(line, "Server")) return 0;
    }
    if (!encrypted(line, said, SPACE | PAREN | COMMA)) {
        before = line->at;
        if (!blanks(line) || !literal(line, "(TLS)")) line->at = before;
    }
    queued(line, said);
    before = line->at;
    if (clause(line, "via")) {
        Span word;
        byte c = line->at < line->size ? line->text[line->at] : 0;
        if (c < 'A' || c > 'Z') return 0;
        over(line, ALNUM_);
        if (!blanks(line) || !some_of(line, ALNUM_, &word)) return 0;
    }
    recipient(line, said);
    return dated(line, said);
}

static int fetchmail(Cursor *line, Said *said) {
    static const char *WORDS[] = {"POP3", "APOP", "IMAP4rev1", "IMAP", "RPOP", "KPOP", "SDPS", "ETRN", "ODMR", "POP2"};
    said->local = 1;
    if (!from(line) || !helo(line, said) || !blanks(line)) return 0;
    Py_ssize_t before = line->at;
    literal(line, "(");
    if (literal(line, "[")) {
        if (!some_of(line, HEX_DOT, &said->ip) || !literal(line, "]")) return 0;
        literal(line, ")");
        if (!blanks(line)) return 0;
    } else line->at = before;
    if (literal(line, "(")) {
        until(line, PAREN | BRACKET);
        if (!literal(line, ")") || !blanks(line)) return 0;
    }
    if (!literal(line, "by") || !blanks(line)) return 0;
    if (!some_until(line, SPACE | PAREN | BRACKET | SEMICOLON, &said->by) || !clause(line, "with")) return 0;
    before = line->at;
    for (int number = 0; number < 10 && line->at == before; number++) literal(line, WORDS[number]);
    if (line->at == before) return 0;
    said->protocol = (Span){before, line->at};
    literal(line, "S");
    if (!blanks(line) || !(literal(line, "(fetchmail") || literal(line, "(getmail"))) return 0;
    until(line, PAREN | BRACKET);
    if (!literal(line, ")")) return 0;
    recipient(line, said);
    before = line->at;
    if (!blanks(line) || !(literal(line, "(single-drop)") || literal(line, "(multi-drop)"))) line->at = before;
    return dated(line, said);
}

/* `_PROGRAM`: a comment that begins with a word, with blanks before it. */
static void program(Cursor *line) {
    Py_ssize_t start = line->at;
    Span word;
    if (!blanks(line) || !literal(line, "(") || !some_of(line, ALNUM_ | DOT, &word) || !rest_of_comment(line)) line->at = start;
}

static int plain(Cursor *line, Said *said) {
    if (!from(line) || !helo(line, said) || !blanks(line)) return 0;
    if (literal(line, "(")) {
        if (!looked_up(line, said) || !literal(line, ")")) return 0;
    } else if (!address(line, &said->ip)) return 0;
    Py_ssize_t before = line->at;
    while (note(line)) continue;
    said->auth = FIND(line->text, "uthenticated", before, line->at) >= 0;
    if (!clause(line, "by")) return 0;
    before = line->at;
    if (!some_until(line, SPACE | PAREN | BRACKET | SEMICOLON, &said->by)) {
        if (!literal(line, "[")) return 0;
        literal(line, "IPv6:");
        if (!some_of(line, HEX_DOT, &said->by_ip) || !literal(line, "]")) return 0;
        said->by = (Span){before, line->at};
    }
    program(line);
    if (!clause(line, "with") || !some_of(line, ALNUM_ | DASH, &said->protocol)) return 0;
    if (said->protocol.stop - said->protocol.at == 8 && BEGINS(line->text, said->protocol.at, line->size, "ECSTREAM")) return 0;
    program(line);
    queued(line, said);
    if (!encrypted(line, said, SPACE | PAREN)) {
        before = line->at;
        if (blanks(line) && literal(line, "(using")) {
            until(line, PAREN | BRACKET);
            if (!literal(line, ")")) return 0;
        } else line->at = before;
    }
    recipient(line, said);
    return dated(line, said);
}

/* --- hops ------------------------------------------------------------------------------------------------------ */

enum { PROGRAMS = 5, PLAIN = 4, HOP_FIELDS = 23 };
static const struct {
    const char *name;
    int (*read)(Cursor *, Said *);
} READERS[PROGRAMS] = {
    {"postfix", postfix}, {"sendmail", sendmail}, {"exchange", exchange}, {"fetchmail", fetchmail}, {"plain", plain}};
static PyObject *program_names[PROGRAMS];

/* Given once by `lines`. */
static PyObject *hop_type, *read_line, *parse_date, *addresses, *looked_up_names, *names, *spoken;
static Grams markers;
static signed char program_of[MOST_WORDS]; /* by number of the marker, in the order in which readers are tried; -1: not here */

/* lines(Hop, read_line, parse_text, addresses, looked up names, names, spoken, markers): what reading lines needs.
 * `markers` are pairs: a text, and the name of the program that is read here or "", in the order in which readers are
 * tried. Without `lines`, and with more markers than can be looked for, `read_line` reads all. */
PyObject *step_lines(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    if (count != 8 || !PyList_Check(given[7])) return PyErr_Format(PyExc_TypeError, "lines wants 8 things");
    memset(&markers, 0, sizeof markers);
    int known = 1;
    for (Py_ssize_t number = 0; known && number < PyList_GET_SIZE(given[7]); number++) {
        const char *text, *name;
        Py_ssize_t size;
        if (!PyArg_ParseTuple(PyList_GET_ITEM(given[7], number), "s#s", &text, &size, &name)) return NULL;
        known = grams_add(&markers, (const byte *)text, size, (size - 3) / 2) == 0;
        if (!known) break;
        program_of[number] = -1;
        for (int program = 0; program < PROGRAMS; program++)
            if (strcmp(name, READERS[program].name) == 0) program_of[number] = (signed char)program;
    }
    if (!known) memset(&markers, 0, sizeof markers);
    for (int program = 0; program < PROGRAMS; program++)
        if (program_names[program] == NULL && (program_names[program] = PyUnicode_InternFromString(READERS[program].name)) == NULL)
            return NULL;
    PyObject **places[] = {&hop_type, &read_line, &parse_date, &addresses, &looked_up_names, &names, &spoken};
    for (int place = 0; place < 7; place++) Py_XSETREF(*places[place], Py_NewRef(given[place]));
    Py_RETURN_NONE;
}

/* Read the line as the program whose marker it holds, or plainly if it holds none: the number of that program, -1 if
 * another reader must be asked. */
static int read_as(const byte *text, Py_ssize_t size, Said *said) {
    byte held[MOST_WORDS] = {0};
    Py_ssize_t start;
    for (Py_ssize_t at = 0; at + 3 <= size; at++)
        for (int found = grams_at(&markers, text, at, size, 0, &start); found; found = grams_at(&markers, text, at, size, found, &start))
            held[found - 1] = 1;
    for (int marker = 0; marker <= markers.count; marker++) {
        if (marker < markers.count && !held[marker]) continue;
        int program = marker < markers.count ? program_of[marker] : PLAIN;
        if (program < 0) return -1;
        Cursor line = {text, size, 0};
        memset(said, 0, sizeof *said);
        int answer = READERS[program].read(&line, said);
        if (answer >= 0) return answer ? program : -1;
    }
    return -1;
}

static PyObject *word_of(const byte *text, Span span) {
    PyObject *word = PyUnicode_New(span.stop - span.at, 127);
    if (word != NULL) memcpy(PyUnicode_1BYTE_DATA(word), text + span.at, (size_t)(span.stop - span.at));
    return word;
}

/* The word, or None. */
static PyObject *word_or_none(const byte *text, Span span) {
    return span.stop ? word_of(text, span) : Py_NewRef(Py_None);
}

/* What a dictionary that fills itself says of a word; None for no word. */
static PyObject *told(PyObject *memo, const byte *text, Span span) {
    if (!span.stop) return Py_NewRef(Py_None);
    PyObject *word = word_of(text, span);
    PyObject *answer = word == NULL ? NULL : PyObject_GetItem(memo, word);
    Py_XDECREF(word);
    return answer;
}

static PyObject *told_of(PyObject *memo, const char *word) {
    PyObject *key = PyUnicode_InternFromString(word);
    PyObject *answer = key == NULL ? NULL : PyObject_GetItem(memo, key);
    Py_XDECREF(key);
    return answer;
}

static PyObject *date_of(const byte *text, Span span) {
    long long at;
    if (instant(text, after_blanks(text, span.at, span.stop), span.stop, &at)) return PyLong_FromLongLong(at);
    PyObject *word = word_of(text, span);
    PyObject *answer = word == NULL ? NULL : PyObject_CallOneArg(parse_date, word);
    Py_XDECREF(word);
    return answer;
}

static PyObject *truth(int value) { return Py_NewRef(value ? Py_True : Py_False); }

static int given_pair(PyObject *pair) {
    if (pair == NULL) return 0;
    if (PyTuple_Check(pair) && PyTuple_GET_SIZE(pair) == 2) return 1;
    PyErr_SetString(PyExc_TypeError, "a protocol and whether the client had logged in");
    return 0;
}

/* The hop of a line that was read: `make`. None where what stands for an address is none. */
static PyObject *made(const byte *text, Said *said, int program, PyObject *index, PyObject *below) {
    PyObject *fields[HOP_FIELDS], *hop = NULL, *protocol = NULL;
    int count = 0;
#define PUT(value) \
    if ((fields[count] = (value)) == NULL) goto done; \
    count++
    PUT(told(addresses, text, said->ip));
    if (fields[0] == Py_None && said->ip.stop) {
        hop = Py_NewRef(Py_None);
        goto done;
    }
    if (said->protocol_is != NULL) protocol = told_of(spoken, said->protocol_is);
    else if (said->protocol.stop) protocol = told(spoken, text, said->protocol);
    else protocol = Py_BuildValue("(OO)", Py_None, Py_False);
    if (!given_pair(protocol)) goto done;
    if (said->id.stop && text[said->id.at] == '<') {
        while (said->id.at < said->id.stop && classes[text[said->id.at]] & ANGLE) said->id.at++;
        while (said->id.stop > said->id.at && classes[text[said->id.stop - 1]] & ANGLE) said->id.stop--;
    }
    int shown = said->rdns.stop || said->rdns_is != NULL;
    if (said->rdns.stop || !shown) {
        PUT(told(looked_up_names, text, said->rdns));
    } else {
        PUT(told_of(looked_up_names, said->rdns_is));
    }
    int named = fields[1] != Py_None;
    PUT(told(names, text, said->helo));
    PUT(told(names, text, said->by));
    PUT(told(addresses, text, said->by_ip));
    PUT(Py_NewRef(PyTuple_GET_ITEM(protocol, 0)));
    PUT(word_or_none(text, said->id));
    PUT(word_or_none(text, said->recipient));
    PUT(word_or_none(text, said->ident));
    PUT(word_or_none(text, said->sender));
    PUT(truth(said->auth || PyTuple_GET_ITEM(protocol, 1) == Py_True));
    PUT(word_or_none(text, said->tls));
    PUT(date_of(text, said->date));
    PUT(Py_NewRef(program_names[program]));
    PUT(truth(said->local));
    PUT(Py_NewRef(index));
    PUT(Py_NewRef(below));
    PUT(truth(shown && !named));
    PUT(truth(said->verified && named));
    PUT(truth(0));
    PUT(truth(0));
    PUT(truth(said->pickup));
    PUT(word_or_none(text, said->account));
#undef PUT
    hop = PyObject_Vectorcall(hop_type, fields, HOP_FIELDS, NULL);
done:
    while (count) Py_DECREF(fields[--count]);
    Py_XDECREF(protocol);
    return hop;
}

/* line(raw, start, end, index, below) -> Hop: what `read_line` says of the line. */
PyObject *step_line(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    if (count != 5 || !PyBytes_Check(given[0]) || read_line == NULL)
        return PyErr_Format(PyExc_TypeError, "line wants bytes, two places, a number and whether it stands below");
    Py_ssize_t start = PyLong_AsSsize_t(given[1]), end = PyLong_AsSsize_t(given[2]);
    if (PyErr_Occurred()) return NULL;
    if (start < 0 || end < start || end > PyBytes_GET_SIZE(given[0]))
        return PyErr_Format(PyExc_ValueError, "places outside of the source");
    const byte *text = (const byte *)PyBytes_AS_STRING(given[0]) + start;
    Py_ssize_t size = end - start < LINE_LIMIT ? end - start : LINE_LIMIT;
    Said said;
    int program = markers.count && all_ascii(text, size) ? read_as(text, size, &said) : -1;
    if (program >= 0) {
        PyObject *hop = made(text, &said, program, given[3], given[4]);
        if (hop != Py_None) return hop;
        Py_DECREF(hop);
    }
    PyObject *value = PyUnicode_DecodeLatin1((const char *)text, size, NULL);
    if (value == NULL) return NULL;
    PyObject *asked[] = {value, given[3], given[4]};
    PyObject *hop = PyObject_Vectorcall(read_line, asked, 3, NULL);
    Py_DECREF(value);
    return hop;
}
