/* Quoted-printable: the twin of `quoted_plainly` in evidence/decode.py, which asks the standard library. */
#include "octets.h"

enum { QP_LOOK = 4096 };

static int hex_value(byte c) { return is_digit(c) ? c - '0' : (c | 32) - 'a' + 10; }

/* Whether what follows the "=" before `at` is no escape and no soft line break: `_BAD_ESCAPE`. */
static int bad_escape(const byte *text, Py_ssize_t at, Py_ssize_t stop) {
    if (at + 1 < stop && is_hex(text[at]) && is_hex(text[at + 1])) return 0;
    while (at < stop && (text[at] == ' ' || text[at] == '\t')) at++;
    if (at < stop && text[at] == '\r') at++;
    return at < stop && text[at] != '\n';
}

/* quoted(octets) -> (the decoded bytes, whether there are bad escapes among the first 4,096). */
PyObject *step_quoted(PyObject *self, PyObject *octets) {
    if (!PyBytes_Check(octets)) return PyErr_Format(PyExc_TypeError, "quoted wants bytes");
    const byte *text = (const byte *)PyBytes_AS_STRING(octets);
    Py_ssize_t size = PyBytes_GET_SIZE(octets), look = size < QP_LOOK ? size : QP_LOOK, at = 0;
    int bad = 0;
    PyObject *made = PyBytes_FromStringAndSize(NULL, size);
    if (made == NULL) return NULL;
    byte *start = (byte *)PyBytes_AS_STRING(made), *to = start;
    while (at < size) {
        Py_ssize_t mark = find_byte(text, '=', at, size), run = (mark < 0 ? size : mark) - at;
        memcpy(to, text + at, (size_t)run);
        to += run;
        if (mark < 0) break;
        if (!bad && mark < look) bad = bad_escape(text, mark + 1, look);
        at = mark + 1;
        if (at >= size) break;
        byte c = text[at];
        if (c == '\n' || c == '\r') { /* a soft line break */
            Py_ssize_t line = find_byte(text, '\n', at, size);
            at = line < 0 ? size : line + 1;
        } else if (c == '=') {
            *to++ = '=';
            at++;
            if (!bad && at - 1 < look) bad = bad_escape(text, at, look);
        } else if (at + 1 < size && is_hex(c) && is_hex(text[at + 1])) {
            *to++ = (byte)(hex_value(c) << 4 | hex_value(text[at + 1]));
            at += 2;
        } else *to++ = '=';
    }
    if (to - start != size && _PyBytes_Resize(&made, to - start) < 0) return NULL;
    return Py_BuildValue("(NO)", made, bad ? Py_True : Py_False);
}
