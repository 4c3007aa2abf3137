#include "octets.h"

byte octet_class[256];
byte octet_low[256];

void octets_prepare(void) {
    for (int c = 0; c < 256; c++) {
        byte found = 0;
        if (c == ' ' || (c >= '\t' && c <= '\r')) found |= BLANK;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) found |= LETTER;
        if (c >= '0' && c <= '9') found |= DIGIT;
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) found |= HEX;
        if (c >= '!' && c <= '~' && c != ':') found |= TOKEN; /* RFC 5322 section 2.2: a field's name */
        if (c == '>' || c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '/') found |= NAME_END;
        if ((c >= 'a' && c <= 'z') || c >= 128) found |= WORD;
        octet_class[c] = found;
        octet_low[c] = (byte)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
}

int all_ascii(const byte *text, Py_ssize_t size) {
    Py_ssize_t at = 0;
    for (; at + 64 <= size; at += 64) {
        unsigned long long eights[8], any = 0;
        memcpy(eights, text + at, 64);
        for (int place = 0; place < 8; place++) any |= eights[place];
        if (any & 0x8080808080808080ULL) return 0;
    }
    for (; at + 8 <= size; at += 8) {
        unsigned long long eight;
        memcpy(&eight, text + at, 8);
        if (eight & 0x8080808080808080ULL) return 0;
    }
    for (; at < size; at++)
        if (text[at] & 0x80) return 0;
    return 1;
}

byte *octets_lowered(const byte *text, Py_ssize_t size) {
    byte *low = PyMem_Malloc((size_t)size + 8);
    if (low == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    for (Py_ssize_t at = 0; at < size; at++) {
        byte c = text[at];
        low[at] = (byte)(c + ((byte)(c - 'A') < 26 ? 32 : 0));
    }
    memset(low + size, 0, 8);
    return low;
}

int octets_open(Octets *made, Py_ssize_t room) {
    made->size = 0;
    made->room = room > 64 ? room : 64;
    made->at = PyMem_Malloc((size_t)made->room);
    if (made->at == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

void octets_close(Octets *made) {
    PyMem_Free(made->at);
    made->at = NULL;
}

int octets_grow(Octets *made, Py_ssize_t more) {
    if (more > PY_SSIZE_T_MAX / 4 - made->size) {
        PyErr_NoMemory();
        return -1;
    }
    Py_ssize_t room = made->size + more + made->room / 2;
    byte *grown = PyMem_Realloc(made->at, (size_t)room);
    if (grown == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    made->at = grown;
    made->room = room;
    return 0;
}
