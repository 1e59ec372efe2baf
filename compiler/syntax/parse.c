/* parse: drives flex and bison over one file. */
#include "syntax/parse.h"

#include <limits.h>

#include "syntax/parser.h"

/* flex's, in the generated lexer */
int nnc_raw_lex_init_extra(parser *p, void **scanner);
int nnc_raw_lex_destroy(void *scanner);
struct yy_buffer_state *nnc_raw__scan_bytes(const char *bytes, int length, void *scanner);

/* False when the file cannot be text at all. Bytes that are not UTF-8 are reported once: they have one cause. */
static bool check_encoding(parser *p) {
    const source *s = p->source;
    bool reported = false;
    for (size_t i = 0; i < s->size;) {
        if (!s->text[i]) {
            diag *e = diag_error(p->diags, (span){i, i + 1}, "a 0 byte cannot stand in a .nn file");
            diag_hint(e, "is this a binary file, or UTF-16?");
            return false;
        }
        size_t length = text_utf8_length(s->text + i, s->size - i);
        if (!length && !reported) {
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
    if (nnc_raw_lex_init_extra(p, &p->scanner) != 0) ice("out of memory");
    if (!nnc_raw__scan_bytes(p->source->text, (int)p->source->size, p->scanner)) ice("out of memory");
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
