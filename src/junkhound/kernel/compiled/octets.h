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

/* Where `c` stands in text[at:stop], or -1. */
static inline Py_ssize_t find_byte(const byte *text, byte c, Py_ssize_t at, Py_ssize_t stop) {
    if (at >= stop) return -1;
    const byte *hit = memchr(text + at, c, (size_t)(stop - at));
    return hit == NULL ? -1 : hit - text;
}

/* Where `word` stands in text[at:stop], or -1. */
static inline Py_ssize_t find_word(const byte *text, const char *word, Py_ssize_t size, Py_ssize_t at,
                                   Py_ssize_t stop) {
#ifdef __GLIBC__
    if (stop - at < size) return -1;
    const byte *found = memmem(text + at, (size_t)(stop - at), word, (size_t)size);
    return found == NULL ? -1 : found - text;
#endif
    Py_ssize_t last = stop - size;
    while (at <= last) {
        const byte *hit = memchr(text + at, (byte)word[0], (size_t)(last - at + 1));
        if (hit == NULL) return -1;
        at = hit - text;
        if (memcmp(hit, word, (size_t)size) == 0) return at;
        at++;
    }
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
void urls_prepare(void);
PyObject *step_in_text(PyObject *self, PyObject *const *given, Py_ssize_t count);
PyObject *step_read_all(PyObject *self, PyObject *const *given, Py_ssize_t count);
PyObject *step_gather(PyObject *self, PyObject *const *given, Py_ssize_t count);
PyObject *step_split(PyObject *self, PyObject *const *given, Py_ssize_t count);
PyObject *step_header(PyObject *self, PyObject *const *given, Py_ssize_t count);
int html_prepare(void);
int header_prepare(void);

#endif
