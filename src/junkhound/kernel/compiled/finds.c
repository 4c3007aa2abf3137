/* What a text shares with others, before anybody looks: whether content/finds.py need ask its finders at all, and the
 * words that tell a language. Twins: `may_hold_plainly` in content/finds.py, `told_by_words` in content/language.py.
 * A sign that is not there is certain; where it is, the patterns there decide. */
#include "grams.h"

enum { AROUND = 48 };
enum Sign { PHONE = 1, IBAN = 2, WALLET = 4, MAILBOX = 8, SPELLED = 16, HINTED = 32 };
enum Cue { SAID = 1, EXCHANGE = 2, SUFFIX = 4, BRACKETS = 8 };

static Grams words; /* hints of touts first, stems behind them */
static int hints, sure[2];
static byte upper_mark[256]; /* [A-Z0-9l|$] */

static inline int is_upper(byte c) { return c >= 'A' && c <= 'Z'; }
static inline int is_alnum(byte c) { return octet_class[c] & (LETTER | DIGIT); }

static int add_words(PyObject *given) {
    for (Py_ssize_t number = 0; number < PyTuple_GET_SIZE(given); number++) {
        PyObject *word = PyTuple_GET_ITEM(given, number);
        if (!PyBytes_Check(word) || grams_add(&words, (const byte *)PyBytes_AS_STRING(word), PyBytes_GET_SIZE(word), 0) < 0) {
            PyErr_SetString(PyExc_ValueError, "words of 3 to 32 bytes, 64 at most");
            return -1;
        }
    }
    return 0;
}

/* hinting(hints, stems): the words of content/tickers.py, given once. "ticker" and "symbol" are enough by themselves. */
PyObject *step_hinting(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    if (count != 2 || !PyTuple_Check(given[0]) || !PyTuple_Check(given[1]))
        return PyErr_Format(PyExc_TypeError, "hinting wants two tuples of bytes");
    memset(&words, 0, sizeof words);
    for (int c = 0; c < 256; c++) upper_mark[c] = is_upper((byte)c) || is_digit((byte)c) || c == 'l' || c == '|' || c == '$';
    if (add_words(given[0]) < 0) return NULL;
    hints = words.count;
    sure[0] = sure[1] = -1;
    for (int number = 0; number < hints; number++) {
        if (words.words[number].size != 6) continue;
        if (memcmp(words.words[number].text, "ticker", 6) == 0) sure[0] = number;
        if (memcmp(words.words[number].text, "symbol", 6) == 0) sure[1] = number;
    }
    if (add_words(given[1]) < 0) return NULL;
    Py_RETURN_NONE;
}

/* --- touts: what a text cannot do without that names a share ------------------------------------------------- */

/* [l|]{0,2}[A-Z0-9], perhaps behind a "$": how a symbol begins. */
static int symbol_begins(const byte *text, Py_ssize_t at, Py_ssize_t size) {
    if (at < size && text[at] == '$') at++;
    for (int most = 2; most && at < size && (text[at] == 'l' || text[at] == '|'); most--) at++;
    return at < size && (is_upper(text[at]) || is_digit(text[at]));
}

/* Blanks of text, more than those of bytes; what is no ASCII may be one. */
static inline int is_space(byte c) { return is_blank(c) || c >= 0x80 || (c >= 0x1c && c <= 0x1f); }

static inline int in_gap(byte c) { return is_space(c) || (c && strchr(":;.,=-_>*|'\"()", c) != NULL); }

/* Past one blank of text at `at`, which may take several bytes; and the same backwards. */
static Py_ssize_t past_space(const byte *text, Py_ssize_t at, Py_ssize_t size) {
    if (at < size && text[at] < 0x80) return is_space(text[at]) ? at + 1 : at;
    while (at < size && text[at] >= 0x80) at++;
    return at;
}

static Py_ssize_t before_space(const byte *text, Py_ssize_t at) {
    if (at > 0 && text[at - 1] < 0x80) return is_space(text[at - 1]) ? at - 1 : at;
    while (at > 0 && text[at - 1] >= 0x80) at--;
    return at;
}

/* Whether a word that goes on at `at` is followed by what may be a symbol: `_symbol`. */
static int says(const byte *text, Py_ssize_t at, Py_ssize_t size) {
    while (at < size && (is_alnum(text[at]))) at++;
    Py_ssize_t start = at;
    for (; at < size && in_gap(text[at]); at++)
        if (at > start && symbol_begins(text, at, size)) return 1; /* "|" may be of the gap or of the symbol */
    return at > start && symbol_begins(text, at, size);
}

/* Whether low[at] begins the usual misspellings of "symbol": [yuv][mn][bh][o0][l1i]. */
static int misspelled(const byte *low, Py_ssize_t at, Py_ssize_t size) {
    if (size - at < 5) return 0;
    byte a = low[at], b = low[at + 1], c = low[at + 2], d = low[at + 3], e = low[at + 4];
    return (a == 'y' || a == 'u' || a == 'v') && (b == 'm' || b == 'n') && (c == 'b' || c == 'h') &&
           (d == 'o' || d == '0') && (e == 'l' || e == '1' || e == 'i' || e >= 0x80);
}

/* Whether a stem at `at` may belong to a word that says that a symbol follows, within the window that `_said` looks at. */
static int stem_says(const byte *text, const byte *low, Py_ssize_t at, Py_ssize_t size) {
    Py_ssize_t first = at > 10 ? at - 10 : 0, last = size - at > AROUND ? at + AROUND : size;
    for (Py_ssize_t place = first; place < last; place++)
        if (misspelled(low, place, size) && says(text, place + 5, size)) return 1;
    return says(text, at, size);
}

static int ends_with(const byte *text, Py_ssize_t at, const char *word) {
    Py_ssize_t size = (Py_ssize_t)strlen(word);
    return at >= size && memcmp(text + at - size, word, (size_t)size) == 0;
}

/* What the mark at `at` stands between an exchange and a symbol, or a symbol and its market:
 * `_exchange`, `_suffixed`. */
static int listed(const byte *text, Py_ssize_t at, Py_ssize_t size) {
    static const char *PLACES[] = {"BB", "PK", "OTC", "0TC", "INK", "HEET", "HEETS", "heet", "heets", "NASDAQ", "NYSE",
                                   "AMEX", "FRANKFURT", "Frankfurt", "FWB", "FSE", "XETRA", "TSX", "TSXV", "CDNX"};
    static const char *MARKETS[] = {"PK", "Pk", "pK", "pk", "OB", "Ob", "0B", "0b", "OTC", "BB", "P K", "O B"};
    byte mark = text[at];
    Py_ssize_t before = before_space(text, at), after = past_space(text, at + 1, size);
    int found = 0;
    if (before == 0 || after >= size) return 0;
    if (mark != ',' && symbol_begins(text, after, size))
        for (int number = 0; number < 20 && !found; number++)
            if (ends_with(text, before, PLACES[number])) found = EXCHANGE;
    if (mark == '-' || mark == ';' || before < 3) return found;
    for (int place = 1; place <= 3; place++) { /* [A-Z0-9l|]{3,5} */
        byte c = text[before - place];
        if (c == '$' || !upper_mark[c]) return found;
    }
    for (int number = 0; number < 12; number++)
        if (begins(text, after, size, MARKETS[number], (Py_ssize_t)strlen(MARKETS[number]))) return found | SUFFIX;
    return found;
}

/* Whether three capitals stand in the bracket that opens at `at`: `_bracketed`. */
static int bracketed(const byte *text, Py_ssize_t at, Py_ssize_t size) {
    Py_ssize_t before = before_space(text, at);
    if (before == 0 || !(is_letter(text[before - 1]) || text[before - 1] == '.' || text[before - 1] == ',')) return 0;
    at = past_space(text, at + 1, size);
    if (size - at < 4 || !is_upper(text[at]) || !is_upper(text[at + 1]) || !is_upper(text[at + 2])) return 0;
    for (at += 3; at < size && is_upper(text[at]); at++) {}
    return at < size && (text[at] == ')' || text[at] == '.' || is_space(text[at]));
}

static int hinted_by(unsigned long long met) {
    for (int place = 0; place < 2; place++)
        if (sure[place] >= 0 && met >> sure[place] & 1) return 1;
    return (met & (met - 1)) != 0;
}

/* Whether the text has the words of a tout. */
static int hinted(const byte *low, Py_ssize_t size) {
    unsigned long long met = 0;
    Py_ssize_t start;
    for (Py_ssize_t at = 0; at + 3 <= size; at++) {
        int found = words.table[gram_of(low + at)] ? grams_at(&words, low, at, size, 0, &start) : 0;
        for (; found; found = grams_at(&words, low, at, size, found, &start))
            if (found <= hints) met |= 1ULL << (found - 1);
    }
    return hinted_by(met);
}

/* In which ways the text may name a share. */
static int cues(const byte *text, const byte *low, Py_ssize_t size) {
    static const byte MARKS[] = ":;.,-";
    Py_ssize_t start;
    int met = 0;
    for (Py_ssize_t at = 0; at + 3 <= size && !met; at++) {
        int found = words.table[gram_of(low + at)] ? grams_at(&words, low, at, size, 0, &start) : 0;
        for (; found && !met; found = grams_at(&words, low, at, size, found, &start))
            if (found > hints && stem_says(text, low, start, size)) met = SAID;
    }
    for (int mark = 0; mark < 5; mark++)
        for (Py_ssize_t at = -1; (at = find_byte(text, MARKS[mark], at + 1, size)) >= 0;) met |= listed(text, at, size);
    for (Py_ssize_t at = -1; !(met & BRACKETS) && (at = find_byte(text, '(', at + 1, size)) >= 0;)
        if (bracketed(text, at, size)) met |= BRACKETS;
    return met;
}

/* --- numbers, accounts, wallets, addresses --------------------------------------------------------------------- */

/* How many bytes at text[at] may stand between the digits of a telephone number, 0 for none. */
static inline Py_ssize_t separator(const byte *text, Py_ssize_t at, Py_ssize_t size) {
    byte c = text[at];
    if (c == ' ' || c == '(' || c == ')' || c == '.' || c == '-' || c == '/') return 1;
    if (c == 0xc2) return at + 1 < size && text[at + 1] == 0xa0 ? 2 : 0;
    if (c == 0xe2) return at + 2 < size && text[at + 1] == 0x80 && text[at + 2] >= 0x90 && text[at + 2] <= 0x93 ? 3 : 0;
    return 0;
}

/* Whether a telephone number may stand in the run of digits that begins at `at` and ends at `past`: seven of them with at
 * most three separators in a row between two, or six behind a bracket without any, as in "(+) 12 34 56". */
static int dialled(const byte *text, Py_ssize_t at, Py_ssize_t size, Py_ssize_t *past) {
    Py_ssize_t start = at;
    int digits = 0;
    for (;;) {
        while (at < size && is_digit(text[at])) at++, digits++;
        *past = at;
        Py_ssize_t next = at, step;
        for (int most = 3; most && next < size && (step = separator(text, next, size)) > 0; most--) next += step;
        if (next == at || next >= size || !is_digit(text[next])) break;
        at = next;
    }
    if (digits != 6) return digits > 6;
    Py_ssize_t first = start > 12 ? start - 12 : 0;
    return find_byte(text, '+', first, start) >= 0 || find_byte(text, '(', first, start) >= 0;
}

/* Whether an account number may begin at `at`: two capitals, two digits, eleven more of both: `_IBAN`. */
static int account(const byte *text, Py_ssize_t at, Py_ssize_t size) {
    int more = 0;
    if (at > 0 && is_alnum(text[at - 1])) return 0;
    for (at += 4; at < size && more < 11; more++, at++) {
        for (int most = 2; most && at < size && (text[at] == ' ' || text[at] == '-' || text[at] == 0xc2 || text[at] == 0xa0);
             most--)
            at++;
        if (at >= size || !(is_upper(text[at]) || is_digit(text[at]))) return 0;
    }
    return more == 11;
}

/* Whether a run of letters and digits has the look of a wallet: `_wallets`. */
static int wallet(const byte *text, Py_ssize_t at, Py_ssize_t length) {
    static const char *PREFIXES[] = {"bc1", "BC1", "ltc1", "LTC1"};
    byte c = text[at];
    if (length == 42 && c == '0' && (text[at + 1] | 32) == 'x') {
        Py_ssize_t place = 2;
        while (place < length && is_hex(text[at + place])) place++;
        return place == length;
    }
    for (int number = 0; number < 4 && length <= 84; number++)
        if (length >= 20 + (Py_ssize_t)strlen(PREFIXES[number]) &&
            memcmp(text + at, PREFIXES[number], strlen(PREFIXES[number])) == 0)
            return 1;
    if (!(length >= 95 && length <= 106 && c == '4') &&
        !(length >= 26 && length <= 36 && c && strchr("13LMDTXt9A", c) != NULL))
        return 0;
    for (Py_ssize_t place = 1; place < length; place++) { /* base58 */
        byte digit = text[at + place];
        if (digit == '0' || digit == 'O' || digit == 'I' || digit == 'l') return 0;
    }
    return 1;
}

static int addressed(const byte *text, Py_ssize_t at, Py_ssize_t size) {
    if (at == 0 || at + 1 >= size) return 0;
    byte before = text[at - 1], after = text[at + 1];
    return (is_alnum(before) || before == '_' || before == '.' || before == '+' || before == '-') &&
           (is_alnum(after) || after == '-');
}

/* Whether "at" in brackets opens at `at`, in any case; `plain` when it is written "(at)" or "[at]". */
static int spelled(const byte *low, const byte *text, Py_ssize_t at, Py_ssize_t size, int *plain) {
    static const char *MARKS[] = {"(at)", "[at]", "{at}", "( at )", "[ at ]", "(@)", "[@]"};
    for (int number = 0; number < 7; number++)
        if (begins(low, at, size, MARKS[number], (Py_ssize_t)strlen(MARKS[number]))) {
            if (number < 2 && text[at + 1] == 'a' && text[at + 2] == 't') *plain = 1;
            return 1;
        }
    return 0;
}

/* Whether addresses stand in the text, and whether some may be spelled. */
static int boxed(const byte *text, const byte *low, Py_ssize_t size) {
    static const byte OPENING[] = "([{";
    int any = 0, usual = 0, told = 0, plain = 0;
    for (Py_ssize_t at = -1; !usual && (at = find_byte(text, '@', at + 1, size)) >= 0;) {
        any = 1;
        usual = addressed(text, at, size);
    }
    for (int mark = 0; mark < 3; mark++)
        for (Py_ssize_t at = -1; (at = find_byte(text, OPENING[mark], at + 1, size)) >= 0;)
            told |= spelled(low, text, at, size, &plain);
    if (!any && !plain) return 0;
    return (usual || told ? MAILBOX : 0) | (told ? SPELLED : 0);
}

/* Whether a wallet may stand in the text, and a run of letters and digits as long as the shortest. */
static int purse(const byte *text, Py_ssize_t size) {
    enum { SHORTEST = 23, LONG = 26 };
    int found = 0, any = 0;
    Py_ssize_t past = 0;
    for (Py_ssize_t at = SHORTEST - 1; at < size; at += SHORTEST) { /* a run so long has one of these bytes */
        if (at < past || !is_alnum(text[at])) continue;
        Py_ssize_t start = at;
        while (start > past && is_alnum(text[start - 1])) start--;
        for (past = at; past < size && is_alnum(text[past]);) past++;
        if (past - start >= LONG) any = 1;
        if (past - start >= SHORTEST && wallet(text, start, past - start)) found = 1;
    }
    return found && any ? WALLET : 0;
}

static int numbers(const byte *text, Py_ssize_t size) {
    int found = 0, three = 0, phone = 0;
    Py_ssize_t at = 0, tried = 0; /* a telephone number that begins before `tried` has been looked for */
    while (at < size) {
        if (!is_digit(text[at])) {
            at++;
            continue;
        }
        Py_ssize_t start = at;
        while (at < size && is_digit(text[at])) at++;
        if (at - start >= 3) three = 1;
        if (!phone && start >= tried) phone = dialled(text, start, size, &tried);
        if (at - start >= 2 && start >= 2 && is_upper(text[start - 1]) && is_upper(text[start - 2]) &&
            account(text, start - 2, size))
            found |= IBAN;
    }
    return found | (phone && three ? PHONE : 0);
}

/* may_hold(text) -> the signs above of what stands in the text. */
PyObject *step_may_hold(PyObject *self, PyObject *octets) {
    if (!PyBytes_Check(octets)) return PyErr_Format(PyExc_TypeError, "may_hold wants bytes");
    const byte *text = (const byte *)PyBytes_AS_STRING(octets);
    Py_ssize_t size = PyBytes_GET_SIZE(octets);
    byte *low = octets_lowered(text, size);
    if (low == NULL) return NULL;
    int found = numbers(text, size) | purse(text, size) | boxed(text, low, size) | (hinted(low, size) ? HINTED : 0);
    PyMem_Free(low);
    return PyLong_FromLong(found);
}

/* cues(text) -> bits of the ways in which the text, in its usual characters, may name a share. */
PyObject *step_cues(PyObject *self, PyObject *octets) {
    if (!PyBytes_Check(octets)) return PyErr_Format(PyExc_TypeError, "cues wants bytes");
    const byte *text = (const byte *)PyBytes_AS_STRING(octets);
    Py_ssize_t size = PyBytes_GET_SIZE(octets);
    byte *low = octets_lowered(text, size);
    if (low == NULL) return NULL;
    int found = cues(text, low, size);
    PyMem_Free(low);
    return PyLong_FromLong(found);
}

/* --- the words of languages ------------------------------------------------------------------------------------ */

enum { TABLE = 4096, LANGUAGES = 32, LONGEST = 24, LEAST = 3 };
static struct {
    byte text[LONGEST];
    byte size;
    unsigned of; /* a bit for each language that has the word */
} common[TABLE];
static byte word_ends[256];
static Py_ssize_t longest; /* of them */

/* Words are short: their first eight bytes and their length tell them apart, mostly. */
static inline unsigned slot_of(const byte *word, Py_ssize_t size) {
    unsigned long long first = 0;
    for (Py_ssize_t at = size < 8 ? size : 8; at > 0; at--) first = first << 8 | word[at - 1];
    first = (first + (unsigned long long)size) * 0x9e3779b97f4a7c15ULL;
    return (unsigned)(first >> 52) & (TABLE - 1);
}

/* languages(words, punctuation): a dictionary from a word to the bits of its languages, and what stands between words. */
PyObject *step_languages(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    PyObject *word, *bits;
    Py_ssize_t place = 0;
    if (count != 2 || !PyDict_Check(given[0]) || !PyBytes_Check(given[1]) || PyDict_GET_SIZE(given[0]) > TABLE / 2)
        return PyErr_Format(PyExc_TypeError, "languages wants a dictionary of words and the bytes between them");
    memset(common, 0, sizeof common);
    longest = 0;
    for (int c = 0; c < 256; c++) word_ends[c] = (byte)is_blank((byte)c);
    for (Py_ssize_t at = 0; at < PyBytes_GET_SIZE(given[1]); at++)
        word_ends[(byte)PyBytes_AS_STRING(given[1])[at]] = 1;
    while (PyDict_Next(given[0], &place, &word, &bits)) {
        if (!PyBytes_Check(word) || PyBytes_GET_SIZE(word) < 1 || PyBytes_GET_SIZE(word) > LONGEST || !PyLong_Check(bits))
            return PyErr_Format(PyExc_ValueError, "words of 1 to 24 bytes");
        unsigned long of = PyLong_AsUnsignedLong(bits);
        if (PyErr_Occurred()) return NULL;
        unsigned slot = slot_of((const byte *)PyBytes_AS_STRING(word), PyBytes_GET_SIZE(word));
        while (common[slot].size) slot = (slot + 1) & (TABLE - 1);
        memcpy(common[slot].text, PyBytes_AS_STRING(word), (size_t)PyBytes_GET_SIZE(word));
        common[slot].size = (byte)PyBytes_GET_SIZE(word);
        common[slot].of = (unsigned)of;
        if (common[slot].size > longest) longest = common[slot].size;
    }
    Py_RETURN_NONE;
}

/* told_by_words(text, share) -> the number of the language whose words are the most, or -1 where too few are known. */
PyObject *step_told_by_words(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    if (count != 2 || !PyBytes_Check(given[0])) return PyErr_Format(PyExc_TypeError, "told_by_words wants bytes and a share");
    const byte *text = (const byte *)PyBytes_AS_STRING(given[0]);
    Py_ssize_t size = PyBytes_GET_SIZE(given[0]), at = 0, all = 0, met = 0;
    double share = PyFloat_AsDouble(given[1]);
    if (PyErr_Occurred()) return NULL;
    unsigned long long seen[TABLE / 64] = {0};
    Py_ssize_t counts[LANGUAGES] = {0};
    while (at < size) {
        if (word_ends[text[at]]) {
            at++;
            continue;
        }
        Py_ssize_t start = at;
        while (at < size && !word_ends[text[at]]) at++;
        all++;
        if (at - start > longest) continue;
        for (unsigned slot = slot_of(text + start, at - start); common[slot].size; slot = (slot + 1) & (TABLE - 1)) {
            if (common[slot].size != at - start || memcmp(common[slot].text, text + start, (size_t)(at - start)) != 0)
                continue;
            if (!(seen[slot / 64] >> (slot & 63) & 1)) {
                seen[slot / 64] |= 1ULL << (slot & 63);
                met++;
            }
            for (unsigned of = common[slot].of, language = 0; of; of >>= 1, language++) counts[language] += of & 1;
            break;
        }
    }
    int best = 0;
    for (int language = 1; language < LANGUAGES; language++)
        if (counts[language] > counts[best]) best = language;
    double least = share * (double)all;
    if (least < LEAST) least = LEAST;
    if (met < LEAST || (double)counts[best] < least) best = -1;
    return PyLong_FromLong(best);
}
