/* Many words looked for in one pass: three bytes of each are marked in a table of bits, and only where the text has such
 * three bytes are the words themselves compared. An answer costs a look-up a byte, whatever the number of words. */
#ifndef JUNKHOUND_GRAMS_H
#define JUNKHOUND_GRAMS_H

#include "octets.h"

enum { GRAM_BITS = 13, MOST_WORDS = 128, LONGEST_WORD = 32 };

typedef struct {
    struct {
        byte text[LONGEST_WORD + 1]; /* lower case */
        byte size, mark;         /* `mark`: where in the word its three bytes begin */
    } words[MOST_WORDS];
    int count;
    byte table[1 << GRAM_BITS]; /* 1 + the number of the last word with these bytes, 0 for none */
    byte next[MOST_WORDS];      /* the same for the word before that one */
} Grams;

/* The place in the table of the three bytes at `text`, where a fourth can be read. */
static inline unsigned gram_of(const byte *text) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    unsigned three;
    memcpy(&three, text, 4);
    three &= 0xffffff;
#else
    unsigned three = text[0] | (unsigned)text[1] << 8 | (unsigned)text[2] << 16;
#endif
    return three * 2654435761u >> (32 - GRAM_BITS);
}

/* Add a word, whose three bytes begin at `mark`; -1 where there is no room for it. */
int grams_add(Grams *grams, const byte *word, Py_ssize_t size, Py_ssize_t mark);

/* Which words of text in lower case have their three bytes at `at`: call until 0 with `found` 0 at first; else the number
 * of a word that stands there, plus one, its start in `start`. */
static inline int grams_at(const Grams *grams, const byte *low, Py_ssize_t at, Py_ssize_t size, int found,
                           Py_ssize_t *start) {
    int number = found ? grams->next[found - 1] : grams->table[gram_of(low + at)];
    for (; number; number = grams->next[number - 1]) {
        Py_ssize_t first = at - grams->words[number - 1].mark;
        if (begins(low, first, size, (const char *)grams->words[number - 1].text, grams->words[number - 1].size)) {
            *start = first;
            return number;
        }
    }
    return 0;
}

#endif
