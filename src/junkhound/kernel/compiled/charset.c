/* Whether bytes are UTF-8, and Windows-1252 as UTF-8: what most text is in that says of itself that it is ASCII. The twins
 * of `is_utf8_plainly` and `from_1252_plainly` in evidence/charset.py. */
#include "octets.h"

/* What the bytes from 0x80 to 0x9f stand for; those above are the letters of Unicode with their numbers. */
static const unsigned short HIGH[32] = {
    0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd,
    0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
};

/* from_1252(octets) -> (UTF-8, whether a byte stands for nothing and is shown as U+FFFD). */
PyObject *step_from_1252(PyObject *self, PyObject *octets) {
    if (!PyBytes_Check(octets)) return PyErr_Format(PyExc_TypeError, "from_1252 wants bytes");
    const byte *text = (const byte *)PyBytes_AS_STRING(octets);
    Py_ssize_t size = PyBytes_GET_SIZE(octets), more = 0;
    int broken = 0;
    for (Py_ssize_t at = 0; at < size; at++) more += text[at] >= 0xa0 ? 1 : text[at] >= 0x80 ? 2 : 0;
    PyObject *made = PyBytes_FromStringAndSize(NULL, size + more);
    if (made == NULL) return NULL;
    byte *start = (byte *)PyBytes_AS_STRING(made), *to = start;
    for (Py_ssize_t at = 0; at < size; at++) {
        unsigned c = text[at];
        if (c >= 0x80 && c < 0xa0) c = HIGH[c - 0x80];
        if (c < 0x80) *to++ = (byte)c;
        else {
            broken |= c == 0xfffd;
            if (c >= 0x800) {
                *to++ = (byte)(0xe0 | c >> 12);
                *to++ = (byte)(0x80 | (c >> 6 & 0x3f));
            } else *to++ = (byte)(0xc0 | c >> 6);
            *to++ = (byte)(0x80 | (c & 0x3f));
        }
    }
    if (to - start != size + more && _PyBytes_Resize(&made, to - start) < 0) return NULL; /* two bytes were enough */
    return Py_BuildValue("(NO)", made, broken ? Py_True : Py_False);
}

/* How many bytes the character of more than one byte has that begins at `at`; 0 if there is none (RFC 3629 section 4). */
static int character(const byte *text, Py_ssize_t at, Py_ssize_t size) {
    byte first = text[at], least = 0x80, most = 0xbf;
    int length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (first == 0xe0) least = 0xa0;
    if (first == 0xed) most = 0x9f; /* no surrogates */
    if (first == 0xf0) least = 0x90;
    if (first == 0xf4) most = 0x8f;
    if (size - at < length || (length && (text[at + 1] < least || text[at + 1] > most))) return 0;
    for (int place = 2; place < length; place++)
        if ((text[at + place] & 0xc0) != 0x80) return 0;
    return length;
}

/* is_utf8(octets) -> whether they are valid UTF-8. */
PyObject *step_is_utf8(PyObject *self, PyObject *octets) {
    if (!PyBytes_Check(octets)) return PyErr_Format(PyExc_TypeError, "is_utf8 wants bytes");
    const byte *text = (const byte *)PyBytes_AS_STRING(octets);
    Py_ssize_t size = PyBytes_GET_SIZE(octets), at = 0;
    while (at < size) {
        if (at + 8 <= size && all_ascii(text + at, 8)) at += 8;
        else if (text[at] < 0x80) at++;
        else {
            int length = character(text, at, size);
            if (!length) Py_RETURN_FALSE;
            at += length;
        }
    }
    Py_RETURN_TRUE;
}
