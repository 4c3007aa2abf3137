/* Base64 as mail programs write it: lines of letters, padded at the end. The twin of `unbased_plainly` in
 * evidence/decode.py does the rest. */
#include "octets.h"

enum { GAP = 64, PAD = 65, OTHER = 66 };
static byte values[256];

void base64_prepare(void) {
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    memset(values, OTHER, sizeof values);
    for (int value = 0; value < 64; value++) values[(byte)LETTERS[value]] = (byte)value;
    values[' '] = values['\t'] = values['\r'] = values['\n'] = GAP;
    values['='] = PAD;
}

/* base64(octets) -> the decoded bytes; None for what is not whole, or holds anything else. */
PyObject *step_base64(PyObject *self, PyObject *octets) {
    if (!PyBytes_Check(octets)) return PyErr_Format(PyExc_TypeError, "base64 wants bytes");
    const byte *text = (const byte *)PyBytes_AS_STRING(octets);
    Py_ssize_t size = PyBytes_GET_SIZE(octets), at = 0, written;
    PyObject *made = PyBytes_FromStringAndSize(NULL, size / 4 * 3 + 3);
    if (made == NULL) return NULL;
    byte *start = (byte *)PyBytes_AS_STRING(made), *to = start;
    unsigned bits = 0;
    int letters = 0, pads = 0, clean = 1;
    while (clean && at < size) {
        if (letters == 0 && pads == 0 && at + 4 <= size) {
            unsigned a = values[text[at]], b = values[text[at + 1]], c = values[text[at + 2]], d = values[text[at + 3]];
            if ((a | b | c | d) < 64) {
                unsigned three = a << 18 | b << 12 | c << 6 | d;
                *to++ = (byte)(three >> 16);
                *to++ = (byte)(three >> 8);
                *to++ = (byte)three;
                at += 4;
                continue;
            }
        }
        byte value = values[text[at++]];
        if (value == PAD) clean = letters >= 2 && letters + ++pads <= 4;
        else if (value < 64 && !pads) {
            bits = bits << 6 | value;
            if (++letters < 4) continue;
            *to++ = (byte)(bits >> 16);
            *to++ = (byte)(bits >> 8);
            *to++ = (byte)bits;
            letters = 0;
        } else clean = value == GAP;
    }
    if (!clean || (letters && letters + pads != 4)) {
        Py_DECREF(made);
        Py_RETURN_NONE;
    }
    if (letters >= 2) *to++ = (byte)(letters == 2 ? bits >> 4 : bits >> 10);
    if (letters == 3) *to++ = (byte)(bits >> 2);
    written = to - start;
    if (_PyBytes_Resize(&made, written) < 0) return NULL;
    return made;
}
