/* Lines between the parts of a multipart: the twin of `delimiter_plainly` in evidence/message.py. */
#include "octets.h"

enum { LONGEST = 256, REST = 200 };

/* delimiter(source, needle, at, stop, most) -> (how many were looked at, (before, after, closes) or None). */
PyObject *step_delimiter(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    if (count != 5 || !PyBytes_Check(given[0]) || !PyBytes_Check(given[1]))
        return PyErr_Format(PyExc_TypeError, "delimiter wants bytes, a needle, two places and a number");
    const byte *source = (const byte *)PyBytes_AS_STRING(given[0]);
    Py_ssize_t size = PyBytes_GET_SIZE(given[0]), length = PyBytes_GET_SIZE(given[1]), looked = 0, hit;
    Py_ssize_t at = PyLong_AsSsize_t(given[2]), stop = PyLong_AsSsize_t(given[3]), most = PyLong_AsSsize_t(given[4]);
    if (PyErr_Occurred()) return NULL;
    if (length < 1 || length >= LONGEST || at < 0 || stop > size)
        return PyErr_Format(PyExc_ValueError, "places outside of the source, or a needle too long");
    char needle[LONGEST + 1] = "\n"; /* the line end before it */
    memcpy(needle + 1, PyBytes_AS_STRING(given[1]), (size_t)length);
    if (begins(source, at, size, needle + 1, length)) hit = at - 1;
    else hit = find_word(source, needle, length + 1, at, stop);
    while (hit >= 0 || (hit == -1 && at == 0)) {
        if (++looked > most) break;
        Py_ssize_t tail = hit + 1 + length, line = find_byte(source, '\n', tail, stop);
        if (line < 0) line = stop;
        Py_ssize_t end = line < tail + REST ? line : tail + REST;
        int closes = BEGINS(source, tail, end, "--");
        if (closes || after_blanks(source, tail, end) >= end) {
            Py_ssize_t before = hit > at && source[hit - 1] == '\r' ? hit - 1 : hit;
            return Py_BuildValue("(n(nnO))", looked, before, line + 1 < stop ? line + 1 : stop, closes ? Py_True : Py_False);
        }
        hit = find_word(source, needle, length + 1, tail - 1 > at ? tail - 1 : at, stop);
        if (hit < 0) break;
    }
    return Py_BuildValue("(nO)", looked, Py_None);
}
