/* Tags and elements of HTML in lower case, for the steps that read markup. */
#ifndef JUNKHOUND_MARKUP_H
#define JUNKHOUND_MARKUP_H

#include "octets.h"

/* Where the tag ends whose name goes on at `at`, just after its ">" or at the end: `_ATTRIBUTES` of content/html.py. */
static inline Py_ssize_t tag_end(const byte *text, Py_ssize_t at, Py_ssize_t stop) {
    for (;;) {
        while (at < stop && text[at] != '>' && text[at] != '=') at++;
        if (at >= stop) return stop;
        if (text[at] == '>') return at + 1;
        at = after_blanks(text, at + 1, stop);
        if (at >= stop) return stop;
        byte c = text[at];
        if (c == '"' || c == '\'') {
            Py_ssize_t close = find_byte(text, c, at + 1, stop);
            if (close >= 0) at = close + 1;
        } else if (c != '>') {
            while (at < stop && !is_blank(text[at]) && text[at] != '>') at++;
        }
    }
}

/* The end of the name that begins at `at`: [^\s/>]*+ */
static inline Py_ssize_t name_end(const byte *text, Py_ssize_t at, Py_ssize_t stop) {
    while (at < stop && !is_blank(text[at]) && text[at] != '/' && text[at] != '>') at++;
    return at;
}

static inline int lower_letter(byte c) { return c >= 'a' && c <= 'z'; }

/* Where a name stands in the source. */
typedef struct {
    Py_ssize_t at, size;
} Name;

/* Names of elements; `names_close` frees them. */
typedef struct {
    Name *list;
    Py_ssize_t count, room;
} Names;

void names_close(Names *names);

int name_is(const byte *low, Name name, const char *word);

/* Elements that hold nothing. */
int holds_nothing(const byte *low, Name name);

/* The tag that opens an element at `at`: where it ends, and its name; -1 where none opens: `_opening`. */
static inline Py_ssize_t opening(const byte *low, Py_ssize_t at, Py_ssize_t stop, Name *name) {
    if (at < 0 || at + 1 >= stop || low[at] != '<' || !lower_letter(low[at + 1])) return -1;
    Py_ssize_t end = name_end(low, at + 2, stop);
    *name = (Name){at + 1, end - at - 1};
    return tag_end(low, end, stop);
}

/* Where the element of that name ends whose tag ended at `at`; -1 if tags of its name do not tell, -2 with an error.
 * `failed` are names with fewer closing tags than opening ones: `_element_end`. */
Py_ssize_t element_end(const byte *low, Py_ssize_t size, Name name, Py_ssize_t at, Names *failed);

/* Where whatever is open at `at` is closed: `_outer_end`. */
Py_ssize_t outer_end(const byte *low, Py_ssize_t size, Py_ssize_t at);

/* Places where something may be hidden, in a list that grows. */
typedef struct {
    Py_ssize_t at;
    int how;
} Hit;

typedef struct {
    Hit *list;
    Py_ssize_t count, room;
} Hits;

int hits_add(Hits *hits, Py_ssize_t at, int how);
void hits_sort(Hits *hits);

#endif
