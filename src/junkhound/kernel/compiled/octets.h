/* What the compiled steps share: classes of bytes, looking for bytes, and a buffer that grows.
 *
 * Every step reads bytes that criminals chose. So: all offsets are Py_ssize_t and compared with the end before a byte
 * is read, all writing goes through `Octets`, which grows before it writes, and every step does what its twin in
 * Python does: tests/contract/test_compiled.py compares the two, tests/kernel/test_compiled_memory.py runs them
 * under the address sanitizer.
 */
#ifndef JUNKHOUND_OCTETS_H
#define JUNKHOUND_OCTETS_H

#define _GNU_SOURCE 1 /* memmem */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

typedef unsigned char byte;

/* One table for the classes of bytes that the patterns of the Python twins name. */
enum { BLANK = 1, LETTER = 2, DIGIT = 4, HEX = 8, TOKEN = 16, NAME_END = 32, WORD = 64 };
extern byte octet_class[256];
extern byte octet_low[256];
void octets_prepare(void);

static inline int is_blank(byte c) { return octet_class[c] & BLANK; }   /* \s of bytes: space \t \n \r \f \v */
static inline int is_letter(byte c) { return octet_class[c] & LETTER; } /* [a-zA-Z] */
static inline int is_digit(byte c) { return octet_class[c] & DIGIT; }
static inline int is_hex(byte c) { return octet_class[c] & HEX; }

#if defined(__GNUC__)
/* Sixteen bytes at once: as many as every processor of ours compares in one step. */
typedef byte Block __attribute__((vector_size(16)));
typedef char SignedBlock __attribute__((vector_size(16)));

static inline Block block_at(const byte *text) {
    Block block;
    memcpy(&block, text, sizeof block);
    return block;
}

#if defined(__SSE2__)
/* A bit for each byte of what a comparison gave. */
static inline unsigned bits_of(Block block) { return (unsigned)__builtin_ia32_pmovmskb128((SignedBlock)block); }
#endif

static inline int any_of(Block block) {
    unsigned long long halves[2];
    memcpy(halves, &block, sizeof halves);
    return (halves[0] | halves[1]) != 0;
}
#endif

/* Bits, one for each byte of a text, the first in the lowest of the first. */
typedef unsigned long long Bits;

static inline int lowest(Bits bits) {
#if defined(__GNUC__)
    return __builtin_ctzll(bits);
#else
    int place = 0;
    while (!(bits >> place & 1)) place++;
    return place;
#endif
}

/* Where `c` stands in text[at:stop], or -1. What stands near is found without a call. */
static inline Py_ssize_t find_byte(const byte *text, byte c, Py_ssize_t at, Py_ssize_t stop) {
    if (at >= stop) return -1;
#if defined(__SSE2__)
    for (int near = 0; near < 4 && stop - at >= 16; near++, at += 16) {
        unsigned found = bits_of((Block)(block_at(text + at) == c));
        if (found) return at + lowest(found);
    }
    if (at >= stop) return -1;
#endif
    const byte *hit = memchr(text + at, c, (size_t)(stop - at));
    return hit == NULL ? -1 : hit - text;
}

/* Where the last `c` of text[at:stop] stands, or -1. */
static inline Py_ssize_t last_byte(const byte *text, byte c, Py_ssize_t at, Py_ssize_t stop) {
    if (at >= stop) return -1;
#ifdef __GLIBC__
    const byte *hit = memrchr(text + at, c, (size_t)(stop - at));
    return hit == NULL ? -1 : hit - text;
#endif
    while (stop > at && text[stop - 1] != c) stop--;
    return stop > at ? stop - 1 : -1;
}

/* Where the next bit is set (`want` 0) or clear (`want` all ones) from `at`; `stop` if none is. */
static inline Py_ssize_t next_bit(const Bits *bits, Py_ssize_t at, Py_ssize_t stop, Bits want) {
    if (at >= stop) return stop;
    Bits here = (bits[at >> 6] ^ want) >> (at & 63);
    if (!here) {
        for (at = (at | 63) + 1; at < stop && !(here = bits[at >> 6] ^ want); at += 64) continue;
        if (at >= stop) return stop;
    }
    at += lowest(here);
    return at < stop ? at : stop;
}

/* Where `word` stands in text[at:stop], or -1: where its first and its last byte do, the rest is compared. */
static inline Py_ssize_t find_word(const byte *text, const char *word, Py_ssize_t size, Py_ssize_t at,
                                   Py_ssize_t stop) {
    byte first = (byte)word[0], last = (byte)word[size - 1];
    Py_ssize_t past = stop - size + 1;
#if defined(__GNUC__)
    for (; at + 16 <= past; at += 16) {
        Block starts = (Block)(block_at(text + at) == first), ends = (Block)(block_at(text + at + size - 1) == last);
        if (!any_of(starts & ends)) continue;
        for (int place = 0; place < 16; place++)
            if (text[at + place] == first && memcmp(text + at + place, word, (size_t)size) == 0) return at + place;
    }
#endif
    for (; at < past; at++)
        if (text[at] == first && memcmp(text + at, word, (size_t)size) == 0) return at;
    return -1;
}

/* Whether text[at:stop] begins with `word`. */
static inline int begins(const byte *text, Py_ssize_t at, Py_ssize_t stop, const char *word, Py_ssize_t size) {
    return at >= 0 && stop - at >= size && memcmp(text + at, word, (size_t)size) == 0;
}
#define BEGINS(text, at, stop, word) begins(text, at, stop, word, (Py_ssize_t)sizeof(word) - 1)
#define FIND(text, word, at, stop) find_word(text, word, (Py_ssize_t)sizeof(word) - 1, at, stop)

static inline Py_ssize_t after_blanks(const byte *text, Py_ssize_t at, Py_ssize_t stop) {
    while (at < stop && is_blank(text[at])) at++;
    return at;
}

/* The places of a few bytes in a text, one after the other: `next_mark` until -1. */
typedef struct {
    const byte *text;
    Py_ssize_t size, base; /* `base`: of the 64 bytes that `bits` are about */
    Bits bits;
    byte marks[3];
} Marks;

static inline Bits marks_at(const Marks *marks, Py_ssize_t base) {
    const byte *text = marks->text + base;
    Bits found = 0;
    Py_ssize_t at = 0, stop = marks->size - base < 64 ? marks->size - base : 64;
#if defined(__SSE2__)
    for (; at + 16 <= stop; at += 16) {
        Block c = block_at(text + at);
        Block hit = (Block)((c == marks->marks[0]) | (c == marks->marks[1]) | (c == marks->marks[2]));
        found |= (Bits)bits_of(hit) << at;
    }
#endif
    for (; at < stop; at++)
        if (text[at] == marks->marks[0] || text[at] == marks->marks[1] || text[at] == marks->marks[2]) found |= 1ULL << at;
    return found;
}

static inline Py_ssize_t next_mark(Marks *marks) {
    while (!marks->bits) {
        marks->base += 64;
        if (marks->base >= marks->size) return -1;
        marks->bits = marks_at(marks, marks->base);
    }
    Py_ssize_t place = marks->base + lowest(marks->bits);
    marks->bits &= marks->bits - 1;
    return place;
}

static inline Marks marks_of(const byte *text, Py_ssize_t size, byte one, byte two, byte three) {
    return (Marks){text, size, -64, 0, {one, two, three}};
}

int all_ascii(const byte *text, Py_ssize_t size);

/* A copy in lower case with room behind it, for PyMem_Free; NULL with MemoryError set. */
byte *octets_lowered(const byte *text, Py_ssize_t size);

/* Bytes being written. `octets_add` is the one way to write; it returns -1 with MemoryError set. */
typedef struct {
    byte *at;
    Py_ssize_t size, room;
} Octets;

int octets_open(Octets *made, Py_ssize_t room);
void octets_close(Octets *made);
int octets_grow(Octets *made, Py_ssize_t more);

static inline int octets_add(Octets *made, const byte *text, Py_ssize_t size) {
    if (size > made->room - made->size && octets_grow(made, size) < 0) return -1;
    memcpy(made->at + made->size, text, (size_t)size);
    made->size += size;
    return 0;
}

static inline int octets_put(Octets *made, byte c) {
    if (made->size == made->room && octets_grow(made, 1) < 0) return -1;
    made->at[made->size++] = c;
    return 0;
}

/* The steps. */
PyObject *step_html(PyObject *self, PyObject *const *given, Py_ssize_t count);
PyObject *step_fold(PyObject *self, PyObject *octets);
PyObject *step_words(PyObject *self, PyObject *octets);
PyObject *step_sketch(PyObject *self, PyObject *octets);
void fold_prepare(void);
void sketch_prepare(void);
int urls_prepare(void);
PyObject *step_in_text(PyObject *self, PyObject *const *given, Py_ssize_t count);
PyObject *step_read_all(PyObject *self, PyObject *const *given, Py_ssize_t count);
PyObject *step_gather(PyObject *self, PyObject *const *given, Py_ssize_t count);
PyObject *step_split(PyObject *self, PyObject *const *given, Py_ssize_t count);
PyObject *step_header(PyObject *self, PyObject *const *given, Py_ssize_t count);
int html_prepare(void);
int header_prepare(void);

#endif
