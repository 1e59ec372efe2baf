/* parse: drives flex and bison over one file. */
#include "syntax/parse.h"

#include <limits.h>

#include "syntax/parser.h"
#include "support/memory.h"

/* flex's, in the generated lexer */
int nnc_raw_lex_init_extra(parser *p, void **scanner);
int nnc_raw_lex_destroy(void *scanner);
struct yy_buffer_state *nnc_raw__scan_bytes(const char *bytes, int length, void *scanner);

/* What people give nnc in the place of a .nn file. By its first bytes, or, where they say nothing (NULL), by its
 * ending. */
static const struct {
    const char *magic, *endings, *what, *hint;
} foreign[] = {
    {NULL, ".onnx", "an ONNX model", "nnc import MODEL.onnx -o MODEL.nn makes a .nn file and its weights of it"},
    {NULL, ".tflite .keras .h5 .hdf5 .pb", "a model of Keras or TensorFlow, by its name",
     "tf2onnx makes an ONNX model of it, and nnc import a .nn file of that"},
    {"PK\3\4", NULL, "a file of weights", NULL},
    {"\x89HDF", NULL, "a file of weights", NULL},
    {"\x93NUMPY", NULL, "a file of weights", NULL},
    {"GGUF", NULL, "a file of weights", NULL},
    {NULL, SOURCE_WEIGHTS_ENDINGS, "a file of weights, by its name", NULL},
};

static bool report_foreign(parser *p) {
    const source *s = p->source;
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        size_t length = foreign[i].magic ? strlen(foreign[i].magic) : 0;
        if (length > s->size || memcmp(s->text, length ? foreign[i].magic : "", length) != 0) continue;
        if (foreign[i].endings && !source_path_ends(s->path, foreign[i].endings)) continue;
        diag *e = diag_error_file(p->diags, s->path, "this is %s, where a .nn file is needed", foreign[i].what);
        if (foreign[i].hint) diag_hint(e, "%s", foreign[i].hint);
        else diag_hint(e, "a .nn file names them, weights \"FILE\"; nnc weights FILE shows which layers they are of");
        return true;
    }
    return false;
}

/* False when the file cannot be text at all. Bytes that are not UTF-8 are reported once: they have one cause. */
static bool check_encoding(parser *p) {
    const source *s = p->source;
    bool reported = false;
    for (size_t i = 0; i < s->size;) {
        size_t length = text_utf8_length(s->text + i, s->size - i);
        bool first = !reported && (!s->text[i] || !length);
        if (first && report_foreign(p)) return false;
        if (!s->text[i]) {
            diag *e = diag_error(p->diags, (span){i, i + 1}, "a 0 byte cannot stand in a .nn file");
            diag_hint(e, "is this a binary file, or UTF-16?");
            return false;
        }
        if (first) {
            diag *e = diag_error(p->diags, (span){i, i + 1}, "this byte (0x%02X) is not UTF-8",
                                 (unsigned)(unsigned char)s->text[i]);
            diag_hint(e, "save the file as UTF-8");
            reported = true;
        }
        i += length ? length : 1;
    }
    return true;
}

void parser_begin(parser *p) {
    p->layout = layout_new(p);
    if (nnc_raw_lex_init_extra(p, &p->scanner) != 0) memory_out(0);
    if (!nnc_raw__scan_bytes(p->source->text, (int)p->source->size, p->scanner)) memory_out(0);
}

void parser_end(parser *p) { nnc_raw_lex_destroy(p->scanner); }

ast_file *parse_file(arena *a, const source *s, diag_list *diags) {
    parser p = {.arena = a, .source = s, .diags = diags, .file = ARENA_NEW(a, ast_file)};
    p.file->source = s;
    size_t errors = diag_error_count(diags);
    if (s->size > INT_MAX / 2) {
        diag_error_file(diags, s->path, "larger than %d bytes", INT_MAX / 2);
        return p.file;
    }
    if (check_encoding(&p)) {
        parser_begin(&p);
        nnc_parse(&p);
        parser_end(&p);
    }
    if (!p.file->models && diag_error_count(diags) == errors) {
        diag *e = diag_error(diags, (span){0, 0}, "the file holds no model");
        diag_hint(e, "a model is written model NAME { … }");
    }
    return p.file;
}
