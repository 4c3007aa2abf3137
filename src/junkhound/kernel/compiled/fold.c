/* The letter and the words of a text: twins of `folded`, `letters_of` and `_words` in content/template.py. */
#include "octets.h"

enum { MAX_LETTER = 2048, MAX_WORD = 40, MAX_FOREIGN_WORD = 120, LOOK = 6144 };

static byte fold_of(byte c) {
    if (c >= 'A' && c <= 'Z') return (byte)(c + 32);
    if (c <= 32 || c == 127) return ' ';
    if ((c >= '0' && c <= '9') || c == '@' || c == '/') return '0';
    return c;
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
    byte first[LOOK], second[LOOK], letters[MAX_LETTER];
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

    Py_ssize_t made = 0, known = 0, word = 0; /* word: where in `first` the present one begins */
    int marked = 0;
    for (Py_ssize_t at = 0; at <= size; at++) {
        byte c = at < size ? fold_of(text[at]) : ' ';
        if (c != ' ') {
            first[made++] = c;
            marked |= c == '0' || (c == '.' && made - word >= 4 && memcmp(first + made - 4, "www.", 4) == 0);
            continue;
        }
        if (marked) made = word;
        else
            for (Py_ssize_t place = word; place < made && known < MAX_LETTER; place++)
                if (octet_class[first[place]] & WORD) letters[known++] = first[place];
        if (at < size) first[made++] = ' ';
        word = made;
        marked = 0;
    }
    PyObject *left = PyBytes_FromStringAndSize((const char *)first, made);
    PyObject *right = PyBytes_FromStringAndSize((const char *)letters, known);
    PyObject *both = left != NULL && right != NULL ? PyTuple_Pack(2, left, right) : NULL;
    Py_XDECREF(left);
    Py_XDECREF(right);
    return both;
}

enum { MOST = LOOK / 2 + 1, SLOTS = 8192 }; /* words that LOOK bytes can hold; more than twice as many slots */

/* words(folded) -> (each word once, how many words there are): what `sketched` is made of. */
PyObject *step_words(PyObject *self, PyObject *octets) {
    if (!PyBytes_Check(octets)) return PyErr_Format(PyExc_TypeError, "words wants bytes");
    const byte *text = (const byte *)PyBytes_AS_STRING(octets);
    Py_ssize_t size = PyBytes_GET_SIZE(octets), words = 0, begin = 0, length = 0;
    if (size > LOOK) return PyErr_Format(PyExc_ValueError, "words wants folded text");
    PyObject *list = PyList_New(0);
    if (list == NULL) return NULL;
    byte kept[LOOK];                     /* the letters of all words, one after the other */
    short first[MOST], past[MOST];       /* where each different word stands in them */
    short slots[SLOTS];                  /* their numbers plus one, by hash */
    short known = 0;
    memset(slots, 0, sizeof slots);
    unsigned hash = 2166136261u, foreign = 0;
    for (Py_ssize_t at = 0; at <= size; at++) {
        byte c = at < size ? text[at] : ' ';
        if (octet_class[c] & WORD) {
            kept[begin + length++] = c;
            hash = (hash ^ c) * 16777619u;
            foreign |= c & 0x80u;
            continue;
        }
        if (c == '\'' || c == '-' || length == 0) continue;
        if (length <= (foreign ? MAX_FOREIGN_WORD : MAX_WORD)) {
            unsigned slot = (hash ^ hash >> 13) & (SLOTS - 1);
            words++;
            while (slots[slot]) {
                short number = (short)(slots[slot] - 1);
                if (past[number] - first[number] == length && memcmp(kept + first[number], kept + begin, (size_t)length) == 0)
                    break;
                slot = (slot + 1) & (SLOTS - 1);
            }
            if (!slots[slot]) {
                PyObject *word = PyBytes_FromStringAndSize((const char *)kept + begin, length);
                if (word == NULL || PyList_Append(list, word) < 0) {
                    Py_XDECREF(word);
                    Py_DECREF(list);
                    return NULL;
                }
                Py_DECREF(word);
                first[known] = (short)begin;
                past[known] = (short)(begin + length);
                slots[slot] = ++known;
                begin += length;
            }
        }
        length = 0;
        foreign = 0;
        hash = 2166136261u;
    }
    return Py_BuildValue("(Nn)", list, words);
}
