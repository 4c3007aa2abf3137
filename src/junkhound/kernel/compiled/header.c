/* The header of a message as fields with their places: twins of `split`, `_look` and the loop of `read` in
 * evidence/message.py and trace/reader.py. Defects are the bits of tables.Defect, given once by `header_bits`. */
#include "octets.h"

enum { MAX_FIELDS = 1000, MAX_NAME = 128, MAX_FIELD = 16 * 1024, MAX_HEADER = 256 * 1024, MAX_LINE = 998 };
enum { LOOK = 64 * 1024 };

enum Bit { NO_HEADERS, EIGHT_BIT, LONG_HEADER, NUL_BYTES, BARE_CR, MIXED, LONG_LINE, NO_END, BAD_LINE, MANY, BITS };
static long bits[BITS];

/* Names are few and come again with every mail: a place by hash for each, the last one met stays. */
enum { KEPT = 1024, KEPT_NAME = 64 };
static PyObject *kept[KEPT];
static PyObject *nameless;

/* bits(no_headers, eight_bit, ...): the numbers of the defects, in the order of enum Bit. */
PyObject *step_bits(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    if (count != BITS) return PyErr_Format(PyExc_TypeError, "bits wants %d numbers", BITS);
    for (int place = 0; place < BITS; place++) {
        long bit = PyLong_AsLong(given[place]);
        if (bit == -1 && PyErr_Occurred()) return NULL;
        bits[place] = bit;
    }
    Py_RETURN_NONE;
}

/* The lower-case name in label[0:size], a new reference; b"" for what cannot be one: `_name`. */
static PyObject *name_of(const byte *label, Py_ssize_t size) {
    while (size && (label[size - 1] == ' ' || label[size - 1] == '\t')) size--;
    if (size == 0) return Py_NewRef(nameless);
    byte low[MAX_NAME];
    unsigned hash = 2166136261u;
    for (Py_ssize_t at = 0; at < size; at++) {
        byte c = label[at];
        if (!(octet_class[c] & TOKEN)) return Py_NewRef(nameless);
        low[at] = octet_low[c];
        hash = (hash ^ low[at]) * 16777619u;
    }
    if (size > KEPT_NAME) return PyBytes_FromStringAndSize((const char *)low, size);
    PyObject **slot = kept + ((hash ^ hash >> 15) & (KEPT - 1));
    if (*slot == NULL || PyBytes_GET_SIZE(*slot) != size || memcmp(PyBytes_AS_STRING(*slot), low, (size_t)size) != 0) {
        PyObject *made = PyBytes_FromStringAndSize((const char *)low, size);
        if (made == NULL) return NULL;
        Py_XSETREF(*slot, made);
    }
    return Py_NewRef(*slot);
}

static int skipped(const byte *text, Py_ssize_t at, Py_ssize_t end) {
    if (at >= end) return 0;
    byte c = text[at];
    return c == ':' || c == ' ' || c == '\t' || BEGINS(text, at, end, "From ") || BEGINS(text, at, end, ">From ");
}

/* One field: see evidence/message.py. */
typedef struct {
    PyObject *name; /* owned */
    Py_ssize_t at, value, end;
} Field;

/* The fields of a header: to Python a sequence of tuples (name, at, value, end), each made when it is looked at. */
typedef struct {
    PyObject_HEAD
    Field *list;
    Py_ssize_t count, room;
} Fields;

static PyTypeObject fields_type;

static Fields *fields_new(void) {
    Fields *made = PyObject_New(Fields, &fields_type);
    if (made != NULL) made->list = NULL, made->count = made->room = 0;
    return made;
}

static void fields_dealloc(PyObject *self) {
    Fields *fields = (Fields *)self;
    for (Py_ssize_t place = 0; place < fields->count; place++) Py_DECREF(fields->list[place].name);
    PyMem_Free(fields->list);
    PyObject_Free(self);
}

static Py_ssize_t fields_length(PyObject *self) { return ((Fields *)self)->count; }

static PyObject *fields_item(PyObject *self, Py_ssize_t place) {
    Fields *fields = (Fields *)self;
    if (place < 0 || place >= fields->count) return PyErr_Format(PyExc_IndexError, "no field has that place");
    Field *field = fields->list + place;
    PyObject *made = PyTuple_New(4);
    if (made == NULL) return NULL;
    Py_ssize_t numbers[3] = {field->at, field->value, field->end};
    PyTuple_SET_ITEM(made, 0, Py_NewRef(field->name));
    for (int number = 0; number < 3; number++) {
        PyObject *value = PyLong_FromSsize_t(numbers[number]);
        if (value == NULL) {
            Py_DECREF(made);
            return NULL;
        }
        PyTuple_SET_ITEM(made, number + 1, value);
    }
    return made;
}

static PyObject *fields_compare(PyObject *self, PyObject *other, int how) {
    if ((how != Py_EQ && how != Py_NE) || !PySequence_Check(other)) Py_RETURN_NOTIMPLEMENTED;
    PyObject *one = PySequence_List(self), *two = one == NULL ? NULL : PySequence_List(other);
    PyObject *answer = two == NULL ? NULL : PyObject_RichCompare(one, two, how);
    Py_XDECREF(one);
    Py_XDECREF(two);
    return answer;
}

static PySequenceMethods fields_sequence = {.sq_length = fields_length, .sq_item = fields_item};
static PyTypeObject fields_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "junkhound.kernel.compiled._steps.Fields",
    .tp_basicsize = sizeof(Fields),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_SEQUENCE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = fields_dealloc,
    .tp_as_sequence = &fields_sequence,
    .tp_richcompare = fields_compare,
    .tp_hash = PyObject_HashNotImplemented,
    .tp_doc = "The fields of a header, in order.",
};

int header_prepare(void) {
    if (nameless == NULL && (nameless = PyBytes_FromString("")) == NULL) return -1;
    return PyType_Ready(&fields_type);
}

/* Add a field; steals the name. */
static int field(Fields *fields, PyObject *name, Py_ssize_t at, Py_ssize_t value, Py_ssize_t end) {
    if (fields->count == fields->room) {
        Py_ssize_t room = fields->room ? fields->room * 2 : 32;
        Field *grown = PyMem_Realloc(fields->list, (size_t)room * sizeof(Field));
        if (grown == NULL) {
            Py_DECREF(name);
            PyErr_NoMemory();
            return -1;
        }
        fields->list = grown;
        fields->room = room;
    }
    fields->list[fields->count++] = (Field){name, at, value, end};
    return 0;
}

typedef struct {
    Py_ssize_t body, longest;
    long defects;
} Split;

/* The fields of the header in source[start:stop]. */
static Fields *fields_of(const byte *source, Py_ssize_t size, Py_ssize_t start, Py_ssize_t stop, Split *found) {
    Fields *fields = fields_new();
    if (fields == NULL) return NULL;
    found->defects = 0;
    found->longest = 0;
    if (BEGINS(source, start, size, "\n") || BEGINS(source, start, size, "\r\n")) {
        found->body = find_byte(source, '\n', start, size) + 1;
        return fields;
    }
    Py_ssize_t at = start, close = -1, line = start - 1;
    Py_ssize_t next = start; /* where the next line end is looked for */
    int count = 0;
    found->body = stop;
    /* One pass: each turn is one field, up to a line end that no fold follows or that a blank line follows. */
    for (;;) {
        for (;;) {
            line = find_byte(source, '\n', next, stop);
            if (line < 0) break;
            next = line + 1;
            if (next < stop && source[next] == '\n') close = next + 1;
            else if (next + 1 < stop && source[next] == '\r' && source[next + 1] == '\n') close = next + 2;
            if (close >= 0) break; /* the header ends here */
            if (count >= MAX_FIELDS) continue;
            if (next >= stop || (source[next] != ' ' && source[next] != '\t')) break;
        }
        int ended = line < 0 || close >= 0 || next >= stop;
        Py_ssize_t end = line < 0 ? stop : line, past = end + 1;
        Py_ssize_t limit = end - at < MAX_NAME ? end : at + MAX_NAME;
        Py_ssize_t colon = find_byte(source, ':', at, limit);
        PyObject *name = colon >= 0 ? name_of(source + at, colon - at) : Py_NewRef(nameless);
        if (name == NULL) goto failed;
        if (name == nameless) {
            if (!skipped(source, at, end)) {
                Py_DECREF(name);
                found->body = at;
                found->defects |= bits[NO_END];
                return fields;
            }
            found->defects |= bits[BAD_LINE];
            colon = at - 1;
        }
        if (past > stop) past = stop;
        if (past - at > found->longest) found->longest = past - at;
        if (field(fields, name, at, colon + 1, past) < 0) goto failed;
        count++;
        at = past;
        if (ended) break;
    }
    if (close >= 0) found->body = close;
    else found->defects |= bits[NO_END];
    if (count > MAX_FIELDS) {
        Field *last = fields->list + fields->count - 1; /* the rest of the header */
        Py_SETREF(last->name, Py_NewRef(nameless));
        last->value = last->at;
        found->defects |= bits[MANY];
    }
    return fields;
failed:
    Py_DECREF(fields);
    return NULL;
}

/* split(source, start, stop) -> (fields, where the body begins, defects). */
PyObject *step_split(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    if (count != 3 || !PyBytes_Check(given[0])) return PyErr_Format(PyExc_TypeError, "split wants bytes and two places");
    Py_ssize_t start = PyLong_AsSsize_t(given[1]), stop = PyLong_AsSsize_t(given[2]);
    Py_ssize_t size = PyBytes_GET_SIZE(given[0]);
    if (PyErr_Occurred()) return NULL;
    if (start < 0 || stop > size) return PyErr_Format(PyExc_ValueError, "places outside of the source");
    Split found;
    Fields *fields = fields_of((const byte *)PyBytes_AS_STRING(given[0]), size, start, stop, &found);
    return fields == NULL ? NULL : Py_BuildValue("(Nnl)", fields, found.body, found.defects);
}

/* What header and line ends show as a whole: `_look`. */
static long look(const byte *source, Py_ssize_t size, Py_ssize_t start, Py_ssize_t body, int any, Py_ssize_t longest) {
    long defects = any ? 0 : bits[NO_HEADERS];
    if (!all_ascii(source + start, body - start)) defects |= bits[EIGHT_BIT];
    if (body - start > MAX_FIELD && (body - start > MAX_HEADER || longest > MAX_FIELD)) defects |= bits[LONG_HEADER];
    if (find_byte(source, 0, 0, size) >= 0) defects |= bits[NUL_BYTES];
    if (find_byte(source, '\r', 0, size) >= 0) {
        Py_ssize_t at = start;
        while ((at = find_byte(source, '\r', at, body)) >= 0) {
            at++;
            if (at >= body || source[at] != '\n') {
                defects |= bits[BARE_CR];
                break;
            }
        }
        Py_ssize_t last = size;
        while (last > 0 && source[last - 1] != '\n') last--;
        Py_ssize_t ends[3] = {find_byte(source, '\n', 0, size), body - 1, last - 1};
        int with = 0, without = 0;
        for (int place = 0; place < 3; place++)
            if (ends[place] > 0) {
                if (source[ends[place] - 1] == '\r') with = 1;
                else without = 1;
            }
        if (with && without) defects |= bits[MIXED];
    }
    Py_ssize_t end = size < body + LOOK ? size : body + LOOK;
    while (start + MAX_LINE < end) {
        Py_ssize_t line = start + MAX_LINE + 2 < size ? start + MAX_LINE + 2 : size;
        while (line > start && source[line - 1] != '\n') line--;
        if (line == start) return defects | bits[LONG_LINE];
        start = line;
    }
    return defects;
}

/* header(source, start) -> (fields, places by name, where the body begins, defects): the message's own header. */
PyObject *step_header(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    if (count != 2 || !PyBytes_Check(given[0])) return PyErr_Format(PyExc_TypeError, "header wants bytes and a place");
    const byte *source = (const byte *)PyBytes_AS_STRING(given[0]);
    Py_ssize_t size = PyBytes_GET_SIZE(given[0]), start = PyLong_AsSsize_t(given[1]);
    if (start == -1 && PyErr_Occurred()) return NULL;
    if (start < 0 || start > size) return PyErr_Format(PyExc_ValueError, "place outside of the source");
    Split found;
    Fields *fields = fields_of(source, size, start, size, &found);
    PyObject *index = NULL;
    if (fields == NULL || (index = PyDict_New()) == NULL) goto failed;
    for (Py_ssize_t place = 0; place < fields->count; place++) {
        PyObject *name = fields->list[place].name;
        if (name == nameless) continue;
        PyObject *number = PyLong_FromSsize_t(place);
        if (number == NULL || PyDict_SetDefault(index, name, number) == NULL) {
            Py_XDECREF(number);
            goto failed;
        }
        Py_DECREF(number);
    }
    long defects =
        found.defects | look(source, size, start, found.body, fields->count > 0, found.longest);
    return Py_BuildValue("(NNnl)", fields, index, found.body, defects);
failed:
    Py_XDECREF(fields);
    Py_XDECREF(index);
    return NULL;
}

static int is_name(PyObject *name, const char *word, Py_ssize_t size) {
    return PyBytes_GET_SIZE(name) == size && memcmp(PyBytes_AS_STRING(name), word, (size_t)size) == 0;
}

/* value(raw, fields, place) -> what the field says, outer blanks off: the twin of `value_plainly`. */
PyObject *step_value(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    if (count != 3 || !PyBytes_Check(given[0])) return PyErr_Format(PyExc_TypeError, "value wants bytes, fields and a place");
    Py_ssize_t place = PyLong_AsSsize_t(given[2]), at, end;
    if (place == -1 && PyErr_Occurred()) return NULL;
    if (Py_IS_TYPE(given[1], &fields_type)) {
        Fields *fields = (Fields *)given[1];
        if (place < 0 || place >= fields->count) return PyErr_Format(PyExc_IndexError, "no field has that place");
        at = fields->list[place].value;
        end = fields->list[place].end;
    } else {
        PyObject *one = PySequence_GetItem(given[1], place), *name;
        Py_ssize_t start;
        int good = one != NULL && PyArg_ParseTuple(one, "Snnn", &name, &start, &at, &end);
        Py_XDECREF(one);
        if (!good) return NULL;
    }
    const byte *raw = (const byte *)PyBytes_AS_STRING(given[0]);
    if (end > PyBytes_GET_SIZE(given[0])) end = PyBytes_GET_SIZE(given[0]);
    if (at < 0) return PyErr_Format(PyExc_ValueError, "place outside of the source");
    at = after_blanks(raw, at, end);
    while (end > at && is_blank(raw[end - 1])) end--;
    return PyBytes_FromStringAndSize((const char *)raw + (end > at ? at : 0), end > at ? end - at : 0);
}

/* Note a field for `received`; -1 with an error. `originator` is where the topmost originator field begins, -1 if none was
 * met: fields stand in order. */
static int noted(PyObject *name, Py_ssize_t at, Py_ssize_t value, Py_ssize_t end, PyObject *places, Py_ssize_t *originator) {
    if (is_name(name, "received", 8)) {
        PyObject *place = Py_BuildValue("(nn)", value, end);
        int failed = place == NULL || PyList_Append(places, place) < 0;
        Py_XDECREF(place);
        return failed ? -1 : 0;
    }
    if (*originator < 0 && (is_name(name, "from", 4) || is_name(name, "to", 2) || is_name(name, "subject", 7) ||
                            is_name(name, "date", 4)))
        *originator = at;
    return 0;
}

/* received(fields, size) -> (places of the Received values, where the originator fields begin). */
PyObject *step_received(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    if (count != 2 || !(Py_IS_TYPE(given[0], &fields_type) || PyList_Check(given[0])))
        return PyErr_Format(PyExc_TypeError, "received wants fields and a size");
    PyObject *places = PyList_New(0);
    Py_ssize_t originator = -1;
    if (places == NULL) return NULL;
    if (Py_IS_TYPE(given[0], &fields_type)) {
        Fields *fields = (Fields *)given[0];
        for (Py_ssize_t number = 0; number < fields->count; number++) {
            Field *one = fields->list + number;
            if (noted(one->name, one->at, one->value, one->end, places, &originator) < 0) goto failed;
        }
    } else
        for (Py_ssize_t number = 0; number < PyList_GET_SIZE(given[0]); number++) {
            PyObject *name;
            Py_ssize_t at, value, end;
            if (!PyArg_ParseTuple(PyList_GET_ITEM(given[0], number), "Snnn", &name, &at, &value, &end)) goto failed;
            if (noted(name, at, value, end, places, &originator) < 0) goto failed;
        }
    if (originator < 0) return Py_BuildValue("(NO)", places, given[1]);
    return Py_BuildValue("(Nn)", places, originator);
failed:
    Py_DECREF(places);
    return NULL;
}
