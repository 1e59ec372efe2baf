/* Text -> AST, for the tests of both: trees are compared as ast_dump shows them, spans and errors are looked up by the
 * characters under them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/parse.h"

static arena *a;
static const source *parsed_source;
static diag_list *diags;

static inline void set_up(void) { a = arena_new(); }
static inline void tear_down(void) { arena_free(a); }

static inline ast_file *parse_bytes(const char *bytes, size_t size)
{
    parsed_source = source_from_text(a, "model.nn", bytes, size);
    diags = diag_list_new(a, parsed_source);
    ast_file *file = parse_file(a, parsed_source, diags);
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_eq(file->source, parsed_source);
    return file;
}

static inline ast_file *parse(const char *bytes)
{
    return parse_bytes(bytes, strlen(bytes));
}

/* What is reported, as shown to the user. */
static inline const char *shown(void)
{
    char *bytes = NULL;
    size_t size;
    FILE *to = open_memstream(&bytes, &size);
    diag_print(diags, to);
    fclose(to);
    const char *kept = arena_strdup(a, bytes);
    free(bytes);
    return kept;
}

static inline ast_file *parse_good(const char *bytes)
{
    ast_file *file = parse(bytes);
    ck_assert_msg(diag_error_count(diags) == 0 && diag_warning_count(diags) == 0, "%s", shown());
    ck_assert_ptr_nonnull(file->models);
    return file;
}

static inline const char *in_model(const char *statements)
{
    return arena_printf(a, "model m {\n%s\n}\n", statements);
}

static inline ast_stmt *good_stmt(const char *statement)
{
    ast_model *m = parse_good(in_model(statement))->models;
    ck_assert_ptr_nonnull(m->statements);
    ck_assert_ptr_null(m->statements->next);
    return m->statements;
}

static inline const char *dump(const ast_file *file)
{
    text t = text_new(a);
    ast_dump(file, &t);
    return text_string(&t);
}
