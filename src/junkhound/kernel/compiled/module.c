/* The steps that are compiled where a C compiler is there; see octets.h. */
#include "octets.h"

PyObject *step_bits(PyObject *self, PyObject *const *given, Py_ssize_t count);
PyObject *step_lines(PyObject *self, PyObject *const *given, Py_ssize_t count);
PyObject *step_date(PyObject *self, PyObject *text);
PyObject *step_line(PyObject *self, PyObject *const *given, Py_ssize_t count);
PyObject *step_value(PyObject *self, PyObject *const *given, Py_ssize_t count);
PyObject *step_received(PyObject *self, PyObject *const *given, Py_ssize_t count);

PyObject *step_quoted(PyObject *self, PyObject *octets);
PyObject *step_from_1252(PyObject *self, PyObject *octets);
PyObject *step_is_utf8(PyObject *self, PyObject *octets);
PyObject *step_delimiter(PyObject *self, PyObject *const *given, Py_ssize_t count);
PyObject *step_base64(PyObject *self, PyObject *octets);
PyObject *step_hinting(PyObject *self, PyObject *const *given, Py_ssize_t count);
PyObject *step_languages(PyObject *self, PyObject *const *given, Py_ssize_t count);
PyObject *step_told_by_words(PyObject *self, PyObject *const *given, Py_ssize_t count);
PyObject *step_may_hold(PyObject *self, PyObject *octets);
PyObject *step_cues(PyObject *self, PyObject *octets);
PyObject *step_undone(PyObject *self, PyObject *const *given, Py_ssize_t count);
PyObject *step_text_signs(PyObject *self, PyObject *octets);
PyObject *step_letter_signs(PyObject *self, PyObject *octets);
PyObject *step_bare(PyObject *self, PyObject *const *given, Py_ssize_t count);
void signs_prepare(void);
void received_prepare(void);
void base64_prepare(void);

#define FAST(function) ((PyCFunction)(void (*)(void))function)

static PyMethodDef steps[] = {
    {"html", FAST(step_html), METH_FASTCALL, "html(source, refresh, unescaped, too_deep) -> (text, links, defects)"},
    {"fold", step_fold, METH_O, "fold(octets) -> (folded, letters)"},
    {"words", step_words, METH_O, "words(folded) -> (each word once, how many there are)"},
    {"sketch", step_sketch, METH_O, "sketch(folded) -> (the sketch, how many words there are)"},
    {"undone", FAST(step_undone), METH_FASTCALL, "undone(source, rewritten) -> HTML without what its reader is not shown"},
    {"letter_signs", step_letter_signs, METH_O, "letter_signs(text) -> bits of letters that are not what they look like"},
    {"bare", FAST(step_bare), METH_FASTCALL, "bare(text, most) -> where bare host names may stand"},
    {"text_signs", step_text_signs, METH_O, "text_signs(text) -> bits of tricks that may stand in a text"},
    {"quoted", step_quoted, METH_O, "quoted(octets) -> (decoded, whether there are bad escapes)"},
    {"from_1252", step_from_1252, METH_O, "from_1252(octets) -> (UTF-8, whether a byte stands for nothing)"},
    {"delimiter", FAST(step_delimiter), METH_FASTCALL, "delimiter(source, needle, at, stop, most) -> (looked, line)"},
    {"is_utf8", step_is_utf8, METH_O, "is_utf8(octets) -> whether they are valid UTF-8"},
    {"base64", step_base64, METH_O, "base64(octets) -> decoded, or None"},
    {"hinting", FAST(step_hinting), METH_FASTCALL, "hinting(hints, stems): the words by which touts are known"},
    {"may_hold", step_may_hold, METH_O, "may_hold(text) -> bits of what may be found in a text"},
    {"cues", step_cues, METH_O, "cues(text) -> bits of how it may name a share"},
    {"languages", FAST(step_languages), METH_FASTCALL, "languages(words, punctuation): the words that tell them"},
    {"told_by_words", FAST(step_told_by_words), METH_FASTCALL, "told_by_words(text, share) -> number of a language"},
    {"in_text", FAST(step_in_text), METH_FASTCALL, "in_text(text, limit, read) -> list of URLs"},
    {"gather", FAST(step_gather), METH_FASTCALL, "gather(links, by_value) -> mailto values"},
    {"read_all", FAST(step_read_all), METH_FASTCALL, "read_all(links, most, longest, hosts, kind, read, inside) -> URLs, more"},
    {"split", FAST(step_split), METH_FASTCALL, "split(source, start, stop) -> (fields, body, defects)"},
    {"header", FAST(step_header), METH_FASTCALL, "header(source, start) -> (fields, index, body, defects)"},
    {"value", FAST(step_value), METH_FASTCALL, "value(raw, fields, place) -> what the field says"},
    {"received", FAST(step_received), METH_FASTCALL, "received(fields, size) -> (places, originator)"},
    {"lines", FAST(step_lines), METH_FASTCALL, "lines(...): what reading lines again needs"},
    {"line", FAST(step_line), METH_FASTCALL, "line(raw, start, end, index, below) -> Hop"},
    {"date", step_date, METH_O, "date(text) -> microseconds, or None"},
    {"bits", FAST(step_bits), METH_FASTCALL, "bits(...): the numbers of the header's defects"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_steps", NULL, -1, steps, NULL, NULL, NULL, NULL};

#define QUOTED(words) #words
#define AS_TEXT(words) QUOTED(words)

PyMODINIT_FUNC PyInit__steps(void) {
    octets_prepare();
    fold_prepare();
    sketch_prepare();
    signs_prepare();
    received_prepare();
    base64_prepare();
    if (html_prepare() < 0 || header_prepare() < 0 || urls_prepare() < 0) return NULL;
    PyObject *made = PyModule_Create(&module);
    if (made != NULL && PyModule_AddStringConstant(made, "SOURCES", AS_TEXT(SOURCES)) < 0) Py_CLEAR(made);
    return made;
}
