#include "grams.h"

int grams_add(Grams *grams, const byte *word, Py_ssize_t size, Py_ssize_t mark) {
    if (grams->count == MOST_WORDS || size < 3 || size > LONGEST_WORD || mark < 0 || mark + 3 > size) return -1;
    int number = grams->count++;
    memcpy(grams->words[number].text, word, (size_t)size);
    grams->words[number].size = (byte)size;
    grams->words[number].mark = (byte)mark;
    unsigned gram = gram_of(grams->words[number].text + mark);
    grams->next[number] = grams->table[gram];
    grams->table[gram] = (byte)(number + 1);
    return 0;
}
