/* The letter and the words of a text: twins of `folded`, `letters_of` and `_words` in content/template.py. */
#include "octets.h"

enum { MAX_LETTER = 2048, MAX_WORD = 40, MAX_FOREIGN_WORD = 120, LOOK = 6144, SHORT = 16 };

static byte folds[256];
enum { BLANKS, DIGITS, MARKS, KINDS }; /* of folded bytes; the others are letters */
enum { BITS_ROOM = LOOK / 64 + 1 };

static byte fold_of(byte c) {
    if (c >= 'A' && c <= 'Z') return (byte)(c + 32);
    if (c <= 32 || c == 127) return ' ';
    if ((c >= '0' && c <= '9') || c == '@' || c == '/') return '0';
    return c;
}

void fold_prepare(void) {
    for (int c = 0; c < 256; c++) folds[c] = fold_of((byte)c);
}

static inline int is_folded_letter(byte c) { return (c >= 'a' && c <= 'z') || c >= 128; }

/* Fold the text into `made`, and say of each kind where it stands. */
static void fold_all(const byte *text, Py_ssize_t size, byte *made, Bits (*kinds)[BITS_ROOM]) {
    memset(kinds, 0, KINDS * sizeof *kinds);
    Py_ssize_t at = 0;
#if defined(__SSE2__)
    for (; at + 16 <= size; at += 16) {
        Block c = block_at(text + at);
        Block upper = (Block)(c - 'A' < 26), blank = (Block)((c <= 32) | (c == 127));
        Block digit = (Block)((c - '0' < 10) | (c == '@') | (c == '/'));
        Block folded = (c + (upper & 32)) & ~(blank | digit);
        Block letter = (Block)((folded - 'a' < 26) | (folded >= 128));
        folded |= (blank & ' ') | (digit & '0');
        memcpy(made + at, &folded, sizeof folded);
        Block found[KINDS] = {blank, digit, ~(blank | digit | letter)};
        for (int kind = 0; kind < KINDS; kind++)
            kinds[kind][at >> 6] |= (Bits)bits_of(found[kind]) << (at & 63);
    }
#endif
    for (; at < size; at++) {
        byte c = made[at] = folds[text[at]];
        int kind = c == ' ' ? BLANKS : c == '0' ? DIGITS : is_folded_letter(c) ? KINDS : MARKS;
        if (kind < KINDS) kinds[kind][at >> 6] |= 1ULL << (at & 63);
    }
}

static inline int between(byte c, int first, int last) { return c >= first && c <= last; }

/* How many bytes at text[at] are a joiner or filler nobody sees, 0 for none: `_unseen`. */
static Py_ssize_t unseen(const byte *text, Py_ssize_t at, Py_ssize_t stop) {
    byte a = text[at], b = at + 1 < stop ? text[at + 1] : 0, c = at + 2 < stop ? text[at + 2] : 0;
    switch (a) {
    case 0xc2: return b == 0xad ? 2 : 0;
    case 0xcd: return b == 0x8f ? 2 : 0;
    case 0xd8: return b == 0x9c ? 2 : 0;
    case 0xe1:
        if (b == 0x85) return c == 0x9f || c == 0xa0 ? 3 : 0;
        if (b == 0x9e) return c == 0xb4 || c == 0xb5 ? 3 : 0;
        return b == 0xa0 && c == 0x8e ? 3 : 0;
    case 0xe2:
        if (b == 0x80) return between(c, 0x8b, 0x8f) || c == 0x99 || between(c, 0xaa, 0xae) ? 3 : 0;
        return b == 0x81 && between(c, 0xa0, 0xaf) ? 3 : 0;
    case 0xef: return b == 0xbb && c == 0xbf ? 3 : 0;
    default: return 0;
    }
}

/* How many bytes at text[at] are a blank, mark or symbol that is no ASCII, 0 for none: `_apart`. */
static Py_ssize_t apart(const byte *text, Py_ssize_t at, Py_ssize_t stop) {
    byte a = text[at], b = at + 1 < stop ? text[at + 1] : 0, c = at + 2 < stop ? text[at + 2] : 0;
    byte d = at + 3 < stop ? text[at + 3] : 0;
    int tail = between(c, 0x80, 0xbf);
    switch (a) {
    case 0xc2: return between(b, 0x80, 0xbf) ? 2 : 0;
    case 0xe1: return b == 0x9a && c == 0x80 ? 3 : 0;
    case 0xe2: return (between(b, 0x80, 0xaf) || between(b, 0xb8, 0xbf)) && tail ? 3 : 0;
    case 0xe3: return b == 0x80 && tail ? 3 : 0;
    case 0xef:
        if (b == 0xbc) return between(c, 0x80, 0x8f) || between(c, 0x9a, 0xa0) || between(c, 0xbb, 0xbf) ? 3 : 0;
        return b == 0xbd && (c == 0x80 || between(c, 0x9b, 0xa5)) ? 3 : 0;
    case 0xf0: return b == 0x9f && tail && between(d, 0x80, 0xbf) ? 4 : 0;
    default: return 0;
    }
}

static int is_rare(byte c) {
    return c >= 0xc2 && (c == 0xe2 || c == 0xc2 || c == 0xe3 || c == 0xef || c == 0xe1 || c == 0xf0 || c == 0xcd ||
                         c == 0xd8);
}

/* fold(octets) -> (folded, letters). */
PyObject *step_fold(PyObject *self, PyObject *octets) {
    if (!PyBytes_Check(octets)) return PyErr_Format(PyExc_TypeError, "fold wants bytes");
    const byte *text = (const byte *)PyBytes_AS_STRING(octets);
    Py_ssize_t size = PyBytes_GET_SIZE(octets);
    byte first[LOOK], second[LOOK], folded[LOOK + SHORT], letters[MAX_LETTER + SHORT];
    if (size > LOOK) size = LOOK;

    int rare = 0;
    if (!all_ascii(text, size))
        for (Py_ssize_t at = 0; at < size && !rare; at++) rare = is_rare(text[at]);
    if (rare) { /* none of the two makes a text longer; the second reads what the first left */
        Py_ssize_t made = 0, at = 0, skip;
        while (at < size) {
            if (text[at] >= 0x80 && (skip = unseen(text, at, size))) at += skip;
            else first[made++] = text[at++];
        }
        size = made;
        made = at = 0;
        while (at < size) {
            if (first[at] >= 0x80 && (skip = apart(first, at, size))) {
                second[made++] = ' ';
                at += skip;
            } else second[made++] = first[at++];
        }
        size = made;
        text = second;
    }

    Bits kinds[KINDS][BITS_ROOM];
    fold_all(text, size, folded, kinds);
    Py_ssize_t made = 0, known = 0, kept = 0, digit = -1, mark = -1, end;
    for (Py_ssize_t word = 0; (word = next_bit(kinds[BLANKS], word, size, ~0ULL)) < size; word = end) {
        end = next_bit(kinds[BLANKS], word, size, 0);
        if (digit < word) digit = next_bit(kinds[DIGITS], word, size, 0);
        if (mark < word) mark = next_bit(kinds[MARKS], word, size, 0);
        if (digit < end || (mark < end && FIND(folded, "www.", word, end) >= 0)) { /* a word to leave out */
            memcpy(first + made, folded + kept, (size_t)(word - kept));
            made += word - kept;
            kept = end;
        } else if (mark < end) {
            for (; word < end && known < MAX_LETTER; word++)
                if (is_folded_letter(folded[word])) letters[known++] = folded[word];
        } else {
            Py_ssize_t more = end - word < MAX_LETTER - known ? end - word : MAX_LETTER - known;
            if (more <= SHORT) memcpy(letters + known, folded + word, SHORT); /* there is room for as many */
            else memcpy(letters + known, folded + word, (size_t)more);
            known += more;
        }
    }
    memcpy(first + made, folded + kept, (size_t)(size - kept));
    made += size - kept;
    PyObject *left = PyBytes_FromStringAndSize((const char *)first, made);
    PyObject *right = PyBytes_FromStringAndSize((const char *)letters, known);
    PyObject *both = left != NULL && right != NULL ? PyTuple_Pack(2, left, right) : NULL;
    Py_XDECREF(left);
    Py_XDECREF(right);
    return both;
}

typedef unsigned long long u64;

static u64 turn(u64 value, int by) { return value << by | value >> (64 - by); }

static inline u64 little(const byte *text, int size) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    u64 value = 0;
    memcpy(&value, text, (size_t)size);
    return value;
#else
    u64 value = 0;
    for (int place = size - 1; place >= 0; place--) value = value << 8 | text[place];
    return value;
#endif
}

/* Both halves of the product, one upon the other. */
static inline u64 product(u64 a, u64 b) {
#ifdef __SIZEOF_INT128__
    unsigned __int128 whole = (unsigned __int128)a * b;
    return (u64)whole ^ (u64)(whole >> 64);
#else
    u64 low = (a & 0xffffffff) * (b & 0xffffffff), left = (a >> 32) * (b & 0xffffffff);
    u64 right = (a & 0xffffffff) * (b >> 32), high = (a >> 32) * (b >> 32);
    u64 middle = left + (low >> 32) + (right & 0xffffffff);
    return (a * b) ^ (high + (middle >> 32) + (right >> 32));
#endif
}

/* As rustc-hash 2 does it. */
static u64 word_hash(const byte *text, Py_ssize_t size) {
    u64 a = 0x243f6a8885a308d3ULL, b = 0x13198a2e03707344ULL;
    if (size > 16) {
        for (Py_ssize_t at = 0; at < size - 16; at += 16) {
            u64 next = product(a ^ little(text + at, 8), 0xa4093822299f31d0ULL ^ little(text + at + 8, 8));
            a = b;
            b = next;
        }
        a ^= little(text + size - 16, 8);
        b ^= little(text + size - 8, 8);
    } else if (size >= 8) {
        a ^= little(text, 8);
        b ^= little(text + size - 8, 8);
    } else if (size >= 4) {
        a ^= little(text, 4);
        b ^= little(text + size - 4, 4);
    } else if (size > 0) {
        a ^= text[0];
        b ^= (u64)text[size - 1] << 8 | text[size / 2];
    }
    return turn((product(a, b) ^ (u64)size) * 0xf1357aea2e62a9c5ULL, 26);
}

/* The different words of folded text, one after the other in `kept`. */
enum { MOST = LOOK / 2 + 1, SLOTS = 8192 }; /* words that LOOK bytes can hold; more than twice as many slots */
typedef struct {
    byte kept[LOOK + 8]; /* eight bytes are written at a time */
    short first[MOST], past[MOST];
    u64 hashes[MOST];
    short slots[SLOTS]; /* their numbers plus one, by hash; of a short text, fewer are used */
    Py_ssize_t known, words;
} Words;

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && defined(__GNUC__)
/* How long the word is that begins at `at`, where it ends within eight bytes and nothing joins it to another; else -1.
 * In each byte of a sum the highest bit says whether that byte is at least 'a', or behind 'z'. */
static inline Py_ssize_t short_word(const byte *text, Py_ssize_t at, Py_ssize_t size, u64 *eight) {
    const u64 EACH = 0x0101010101010101ULL, TOP = 0x8080808080808080ULL;
    if (size - at < 8) return -1;
    memcpy(eight, text + at, 8);
    u64 seven = *eight & ~TOP, from_a = seven + EACH * (0x80 - 'a'), past_z = seven + EACH * (0x80 - 'z' - 1);
    u64 others = ~((from_a & ~past_z) | *eight) & TOP;
    if (others == 0) return -1;
    Py_ssize_t length = __builtin_ctzll(others) >> 3;
    byte end = text[at + length];
    return end == '\'' || end == '-' ? -1 : length;
}
#else
static inline Py_ssize_t short_word(const byte *text, Py_ssize_t at, Py_ssize_t size, u64 *eight) { return -1; }
#endif

static void words_of(const byte *text, Py_ssize_t size, Words *found) {
    Py_ssize_t begin = 0, at = 0;
    unsigned last = 255; /* slot: at least as many as the text has bytes, and so twice as many as words */
    while ((Py_ssize_t)last < size) last = last * 2 + 1;
    memset(found->slots, 0, (last + 1) * sizeof *found->slots);
    found->known = found->words = 0;
    while (at < size) {
        unsigned foreign = 0;
        byte *word = found->kept + begin, c;
        u64 eight = 0;
        Py_ssize_t length = short_word(text, at, size, &eight);
        if (length >= 0) {
            memcpy(word, &eight, 8);
            if (length) foreign = (eight << (64 - 8 * length) & 0x8080808080808080ULL) != 0;
            at += length;
        } else for (length = 0; at < size; at++) {
            c = text[at];
            if (octet_class[c] & WORD) {
                word[length++] = c;
                foreign |= c & 0x80u;
            } else if (c != '\'' && c != '-') break;
        }
        at++;
        if (length == 0 || length > (foreign ? MAX_FOREIGN_WORD : MAX_WORD)) continue;
        u64 hash = word_hash(word, length);
        unsigned slot = (unsigned)hash & last;
        found->words++;
        for (; found->slots[slot]; slot = (slot + 1) & last) {
            short number = (short)(found->slots[slot] - 1);
            if (found->hashes[number] == hash && found->past[number] - found->first[number] == length &&
                memcmp(found->kept + found->first[number], word, (size_t)length) == 0)
                break;
        }
        if (found->slots[slot]) continue;
        found->first[found->known] = (short)begin;
        found->past[found->known] = (short)(begin + length);
        found->hashes[found->known] = hash;
        found->slots[slot] = (short)++found->known;
        begin += length;
    }
}

/* The bytes of folded text, or NULL with an error: no more than a fold gives. */
static const byte *folded(PyObject *octets, Py_ssize_t *size) {
    if (!PyBytes_Check(octets)) {
        PyErr_SetString(PyExc_TypeError, "folded text is bytes");
        return NULL;
    }
    *size = PyBytes_GET_SIZE(octets);
    if (*size > LOOK) {
        PyErr_SetString(PyExc_ValueError, "folded text is shorter");
        return NULL;
    }
    return (const byte *)PyBytes_AS_STRING(octets);
}

/* words(folded) -> (each word once, how many words there are). */
PyObject *step_words(PyObject *self, PyObject *octets) {
    Words found;
    Py_ssize_t size;
    const byte *text = folded(octets, &size);
    if (text == NULL) return NULL;
    words_of(text, size, &found);
    PyObject *list = PyList_New(found.known);
    if (list == NULL) return NULL;
    for (Py_ssize_t number = 0; number < found.known; number++) {
        PyObject *word = PyBytes_FromStringAndSize((const char *)found.kept + found.first[number],
                                                   found.past[number] - found.first[number]);
        if (word == NULL) {
            Py_DECREF(list);
            return NULL;
        }
        PyList_SET_ITEM(list, number, word);
    }
    return Py_BuildValue("(Nn)", list, found.words);
}

/* The sketch of rensa's RMinHash (its algorithm 2, 128 places, seed 42), so that both kinds of build compare. Three rounds throw each word into one of 128 places, where the least stays, an earlier
 * round before a later one; places still empty then take the least of all words by a multiply-shift of their own.
 * Source: Dahlgaard, Knudsen, Thorup, "Fast Similarity Sketching", arXiv:1704.04370. */
enum { PLACES = 128, ROUNDS = 3, PLACE_BITS = 7, ROUND_BITS = 2 };
#define EMPTY 0xffffffffu /* of a place: more than any rank of the three rounds */
static u64 factors[PLACES], offsets[PLACES];

static u64 split_mix(u64 value) {
    value += 0x9e3779b97f4a7c15ULL;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ value >> 27) * 0x94d049bb133111ebULL;
    return value ^ value >> 31;
}

/* Factors and offsets come from xoshiro256++, begun with splitmix64. */
void sketch_prepare(void) {
    u64 state[4];
    for (int place = 0; place < 4; place++) state[place] = split_mix(42 + (u64)place * 0x9e3779b97f4a7c15ULL);
    for (int draw = 0; draw < 2 * PLACES; draw++) {
        u64 drawn = turn(state[0] + state[3], 23) + state[0], kept = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= kept;
        state[3] = turn(state[3], 45);
        if (draw % 2) offsets[draw / 2] = drawn;
        else factors[draw / 2] = drawn | 1;
    }
}

static void least_of(const u64 *hashes, Py_ssize_t count, unsigned *least) {
    int missing = PLACES, empty[PLACES];
    for (int place = 0; place < PLACES; place++) least[place] = EMPTY;
    for (u64 round = 0; round < ROUNDS && missing; round++) {
        u64 seed = offsets[0] ^ 0x6a09e667f3bcc909ULL ^ round * 0x3c6ef372fe94f82bULL;
        for (Py_ssize_t number = 0; number < count; number++) {
            u64 mixed = split_mix(hashes[number] ^ seed);
            unsigned rank = (unsigned)(round << 30 | mixed >> (32 + ROUND_BITS));
            unsigned *value = least + ((mixed & 0xffffffff) >> (32 - PLACE_BITS));
            *value = rank < *value ? rank : *value;
        }
        missing = 0;
        for (int place = 0; place < PLACES; place++) {
            empty[missing] = place;
            missing += least[place] == EMPTY;
        }
    }
    if (!missing) return;
    for (Py_ssize_t number = 0; number < count; number++) {
        u64 mixed = split_mix(hashes[number] ^ factors[0] ^ 0xbb67ae8584caa73bULL);
        for (int one = 0; one < missing; one++) {
            int place = empty[one];
            unsigned rank = (unsigned)((u64)ROUNDS << 30 | (factors[place] * mixed + offsets[place]) >> (32 + ROUND_BITS));
            if (rank < least[place]) least[place] = rank;
        }
    }
}

/* sketch(folded) -> (128 little-endian u32, or b"" for no words; how many words there are). */
PyObject *step_sketch(PyObject *self, PyObject *octets) {
    Words found;
    Py_ssize_t size;
    const byte *text = folded(octets, &size);
    if (text == NULL) return NULL;
    words_of(text, size, &found);
    unsigned least[PLACES];
    least_of(found.hashes, found.known, least);
    byte packed[4 * PLACES];
    for (int place = 0; place < PLACES; place++)
        for (int part = 0; part < 4; part++) packed[4 * place + part] = (byte)(least[place] >> 8 * part);
    Py_ssize_t length = found.known ? (Py_ssize_t)sizeof packed : 0;
    return Py_BuildValue("(y#n)", (const char *)packed, length, found.words);
}
