/* Received lines that were met before but for their id and their date: see trace/again.py.
 *
 * Mail of one mailbox brings the same lines of its own relays with every mail, so every second line is known in this
 * sense. The answer is the one that `read_line` gives; where that is not certain, `read_line` is asked.
 */
#include "octets.h"

enum { FIELDS = 64, KEPT = 4096, LINE_LIMIT = 4096 };

/* Given once by `lines`. */
static PyObject *known, *hop_type, *read_line, *as_tuple, *scanned;
static Py_ssize_t id_at, at_at, index_at, below_at, dialect_at, fields;

/* lines(known, Hop, read_line, astuple, "scan", places of id, at, index, below_originator, dialect, how many fields). */
PyObject *step_lines(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    if (count != 11 || !PyDict_Check(given[0])) return PyErr_Format(PyExc_TypeError, "lines wants 11 things");
    Py_ssize_t numbers[6];
    for (int place = 0; place < 6; place++) {
        numbers[place] = PyLong_AsSsize_t(given[5 + place]);
        if (numbers[place] < 0 || numbers[place] > FIELDS || (place < 5 && numbers[place] >= FIELDS))
            return PyErr_Format(PyExc_ValueError, "a hop has not so many fields");
    }
    id_at = numbers[0], at_at = numbers[1], index_at = numbers[2], below_at = numbers[3], dialect_at = numbers[4];
    fields = numbers[5];
    Py_XSETREF(known, Py_NewRef(given[0]));
    Py_XSETREF(hop_type, Py_NewRef(given[1]));
    Py_XSETREF(read_line, Py_NewRef(given[2]));
    Py_XSETREF(as_tuple, Py_NewRef(given[3]));
    Py_XSETREF(scanned, Py_NewRef(given[4]));
    Py_RETURN_NONE;
}

static int two(const byte *text) { return is_digit(text[0]) && is_digit(text[1]) ? (text[0] - 48) * 10 + text[1] - 48 : -1; }

/* Days since 1970 of a day in the Gregorian calendar; -1 where there is no such day. */
static long day_number(long year, int month, int day) {
    static const int LENGTHS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (year < 1970 || year > 2199 || month < 1 || month > 12) return -1;
    if (day < 1 || day > LENGTHS[month - 1] + (month == 2 && leap)) return -1;
    long before = year - 1;
    long days = before * 365 + before / 4 - before / 100 + before / 400 - 719162;
    for (int other = 1; other < month; other++) days += LENGTHS[other - 1] + (other == 2 && leap);
    return days + day - 1;
}

static int month_number(const byte *text) {
    static const char MONTHS[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    byte low[3] = {octet_low[text[0]], octet_low[text[1]], octet_low[text[2]]};
    for (int month = 0; month < 12; month++)
        if (memcmp(low, MONTHS + 3 * month, 3) == 0) return month + 1;
    return 0;
}

/* The instant of `Mon, 6 Jan 2025 10:00:05 +0000` with nothing but comments behind it, in microseconds; 0 for any other
 * form, which another reader may know. */
static int instant(const byte *text, Py_ssize_t at, Py_ssize_t size, long long *found) {
    if (size - at < 29 || !is_letter(text[at]) || !is_letter(text[at + 1]) || !is_letter(text[at + 2]) ||
        text[at + 3] != ',' || text[at + 4] != ' ')
        return 0;
    at += 5;
    int day = two(text + at);
    if (day >= 0) at += 2;
    else if (is_digit(text[at])) day = text[at++] - 48;
    else if (text[at] == ' ' && is_digit(text[at + 1])) day = text[at + 1] - 48, at += 2;
    else return 0;
    if (size - at < 24) return 0; /* " Jan 2025 10:00:05 +0000" */
    if (text[at] != ' ' || text[at + 4] != ' ' || text[at + 9] != ' ' || text[at + 12] != ':') return 0;
    if (text[at + 15] != ':' || text[at + 18] != ' ') return 0;
    int century = two(text + at + 5), year = two(text + at + 7), hour = two(text + at + 10);
    int minute = two(text + at + 13), second = two(text + at + 16), east = two(text + at + 20), rest = two(text + at + 22);
    byte sign = text[at + 19];
    if (century < 0 || year < 0 || hour < 0 || minute < 0 || second < 0 || east < 0 || rest < 0) return 0;
    if (hour > 23 || minute > 59 || second > 60 || east > 14 || rest > 59 || (sign != '+' && sign != '-')) return 0;
    long days = day_number(century * 100 + year, month_number(text + at + 1), day);
    if (days < 0) return 0;
    at += 24;
    for (;;) { /* blanks and comments, none of which may name an address */
        at = after_blanks(text, at, size);
        if (at >= size) break;
        if (text[at] != '(' || BEGINS(text, at, size, "(envelope-from")) return 0;
        for (at++; at < size && text[at] != ')'; at++)
            if (text[at] == '(' || text[at] == '[' || text[at] == ']' || text[at] == ';') return 0;
        if (at >= size) return 0;
        at++;
    }
    long long zone = (east * 3600LL + rest * 60LL) * (sign == '-' ? -1 : 1);
    *found = (days * 86400LL + hour * 3600LL + minute * 60LL + second - zone) * 1000000LL;
    return 1;
}

/* date(text) -> the instant that it names in the usual form, in microseconds; None where another reader must be asked. */
PyObject *step_date(PyObject *self, PyObject *text) {
    if (!PyUnicode_Check(text)) return PyErr_Format(PyExc_TypeError, "date wants text");
    if (!PyUnicode_IS_COMPACT_ASCII(text)) Py_RETURN_NONE;
    const byte *written = PyUnicode_1BYTE_DATA(text);
    Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    long long found;
    if (!instant(written, after_blanks(written, 0, size), size, &found)) Py_RETURN_NONE;
    return PyLong_FromLongLong(found);
}

/* The key of a line: all of it but id and date. Where the id stands is told in `id` and `id_size` (0: no id). */
static PyObject *key_of(const byte *text, Py_ssize_t size, Py_ssize_t *id, Py_ssize_t *id_size, long long *at) {
    Py_ssize_t semicolon = size, mark;
    while (semicolon > 0 && text[semicolon - 1] != ';') semicolon--;
    if (semicolon == 0 || semicolon >= size || text[semicolon] != ' ' || !instant(text, semicolon + 1, size, at)) return NULL;
    semicolon--;
    mark = FIND(text, " id ", 0, semicolon);
    *id = *id_size = 0;
    if (mark < 0) return PyBytes_FromStringAndSize((const char *)text, semicolon);
    Py_ssize_t start = mark + 4, stop = start;
    while (stop < semicolon && (is_letter(text[stop]) || is_digit(text[stop]))) stop++;
    if (stop == start || (stop < semicolon && !is_blank(text[stop]))) return NULL;
    *id = start;
    *id_size = stop - start;
    PyObject *key = PyBytes_FromStringAndSize(NULL, start + semicolon - stop);
    if (key == NULL) return NULL;
    memcpy(PyBytes_AS_STRING(key), text, (size_t)start);
    memcpy(PyBytes_AS_STRING(key) + start, text + stop, (size_t)(semicolon - stop));
    return key;
}

static PyObject *from_memory(PyObject *kept, PyObject *queued, PyObject *at, PyObject *index, PyObject *below) {
    PyObject *values[FIELDS];
    for (Py_ssize_t place = 0; place < fields; place++) values[place] = PyTuple_GET_ITEM(kept, place);
    values[id_at] = queued;
    values[at_at] = at;
    values[index_at] = index;
    values[below_at] = below;
    return PyObject_Vectorcall(hop_type, values, (size_t)fields, NULL);
}

/* Keep what was read if id and date are all that tells the line from others of its key. */
static int keep(PyObject *key, PyObject *hop, PyObject *queued, PyObject *at) {
    PyObject *values = PyObject_CallOneArg(as_tuple, hop);
    if (values == NULL) return -1;
    int done = 0;
    if (PyTuple_Check(values) && PyTuple_GET_SIZE(values) == fields) {
        int same = PyObject_RichCompareBool(PyTuple_GET_ITEM(values, id_at), queued, Py_EQ);
        if (same == 1) same = PyObject_RichCompareBool(PyTuple_GET_ITEM(values, at_at), at, Py_EQ);
        int scan = PyObject_RichCompareBool(PyTuple_GET_ITEM(values, dialect_at), scanned, Py_EQ);
        if (same < 0 || scan < 0) done = -1;
        else if (same && !scan) {
            if (PyDict_GET_SIZE(known) >= KEPT) PyDict_Clear(known);
            done = PyDict_SetItem(known, key, values);
        }
    }
    Py_DECREF(values);
    return done;
}

/* line(raw, start, end, index, below) -> Hop. */
PyObject *step_line(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    if (count != 5 || !PyBytes_Check(given[0]) || known == NULL)
        return PyErr_Format(PyExc_TypeError, "line wants bytes, two places, a number and whether it stands below");
    Py_ssize_t start = PyLong_AsSsize_t(given[1]), end = PyLong_AsSsize_t(given[2]);
    if (PyErr_Occurred()) return NULL;
    if (start < 0 || end < start || end > PyBytes_GET_SIZE(given[0]))
        return PyErr_Format(PyExc_ValueError, "places outside of the source");
    const byte *text = (const byte *)PyBytes_AS_STRING(given[0]) + start;
    Py_ssize_t size = end - start < LINE_LIMIT ? end - start : LINE_LIMIT, id, id_size;
    PyObject *value = NULL, *queued = NULL, *when = NULL, *hop = NULL;
    long long at;
    PyObject *key = key_of(text, size, &id, &id_size, &at);
    if (key == NULL && PyErr_Occurred()) return NULL;
    if (key != NULL) {
        queued = id_size ? PyUnicode_DecodeLatin1((const char *)text + id, id_size, NULL) : Py_NewRef(Py_None);
        when = PyLong_FromLongLong(at);
        if (queued == NULL || when == NULL) goto done;
        PyObject *kept = PyDict_GetItemWithError(known, key);
        if (kept != NULL) {
            Py_INCREF(kept);
            hop = from_memory(kept, queued, when, given[3], given[4]);
            Py_DECREF(kept);
            goto done;
        }
        if (PyErr_Occurred()) goto done;
    }
    if ((value = PyUnicode_DecodeLatin1((const char *)text, size, NULL)) == NULL) goto done;
    PyObject *asked[] = {value, given[3], given[4]};
    hop = PyObject_Vectorcall(read_line, asked, 3, NULL);
    if (hop != NULL && key != NULL && keep(key, hop, queued, when) < 0) Py_CLEAR(hop);
done:
    Py_XDECREF(key);
    Py_XDECREF(queued);
    Py_XDECREF(when);
    Py_XDECREF(value);
    return hop;
}
