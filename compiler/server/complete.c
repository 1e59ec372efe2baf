/* complete: see complete.h. */
#include "server/complete.h"

#include <string.h>

#include "ir/type.h"
#include "server/cursor.h"
#include "server/signature.h"
#include "syntax/words.h"
#include "weights/tensor.h"

enum {
    KIND_FUNCTION = 3,
    KIND_VARIABLE = 6,
    KIND_CLASS = 7,
    KIND_PROPERTY = 10,
    KIND_KEYWORD = 14,
    KIND_CONSTANT = 21,
    KIND_FIELD = 5
};

typedef struct {
    const document *d;
    const analysis *f;
    arena *a;
    cursor at;
    size_t offset;
    json_t *items;
} job;

static void add(const job *j, const char *label, int kind, const char *detail) {
    json_t *item = json_made(json_pack("{s:o, s:i}", "label", json_text(label), "kind", kind));
    if (detail) json_put(item, "detail", json_text(detail));
    /* a name may have dots, which editors take for the end of a word */
    json_put(
        item, "textEdit",
        json_pack("{s:o, s:o}", "range", json_range(j->f->source, (span){j->at.word, j->offset}),
                  "newText", json_text(label)));
    json_append(j->items, item);
}

static void add_keywords(const job *j, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++) add(j, words[i], KIND_KEYWORD, NULL);
}

/* --- names of the file --- */

static bool is_first(const symbol_list *list, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (list->items[k].made_by && symbol_same(&list->items[k], &list->items[i])) return false;
    return true;
}

static const char *shown(const job *j, const symbol *s) {
    const ast_stmt *made = s->made_by;
    if (symbol_declares(made))
        return arena_strndup(j->a, j->f->source->text + made->where.begin,
                             made->where.end - made->where.begin);
    for (size_t i = j->f->notes.count; i-- > 0;)
        if (j->f->notes.items[i].where.begin == s->where.begin &&
            j->f->notes.items[i].where.end == s->where.end)
            return j->f->notes.items[i].shows;
    return NULL;
}

/* What stands before the place, of a space; of values, dims alone if so asked. */
static void add_names(const job *j, symbol_space space, bool dims_alone) {
    const symbol_list *list = &j->f->symbols;
    const ast_model *m = model_at(j->f->file, j->offset);
    for (size_t i = 0; i < list->count; i++) {
        const symbol *s = &list->items[i];
        if (!s->made_by || s->model != m || s->space != space || !is_first(list, i)) continue;
        bool is_dim = s->made_by->kind == AST_DIM;
        bool here = s->where.begin <= j->offset && j->offset <= s->where.end;
        if (here || (dims_alone && !is_dim) ||
            (s->made_by->where.begin >= j->at.statement && !is_dim))
            continue;
        add(j, s->name,
            is_dim                  ? KIND_CONSTANT
            : space == SYMBOL_LAYER ? KIND_FUNCTION
                                    : KIND_VARIABLE,
            shown(j, s));
    }
}

static void add_catalogue(const job *j, catalogue_kind kind) {
    catalogue all = catalogue_new(j->a);
    for (size_t i = 0; i < all.count; i++) {
        const catalogue_entry *e = &all.items[i];
        const char *torch = signature_of_torch(e->name);
        if (e->kind == kind)
            add(j, e->name, kind == CATALOGUE_LAYER ? KIND_CLASS : KIND_FUNCTION,
                torch ? torch : signature_of_nnc(j->a, e));
    }
}

static void add_constants(const job *j) {
    for (size_t i = 0; syntax_constant(i); i++) add(j, syntax_constant(i), KIND_CONSTANT, NULL);
}

/* --- arguments --- */

/* The kind of a layer of the file, or the name itself. */
static const char *kind_of(const job *j, const char *callee, bool *is_layer) {
    const ast_model *m = model_at(j->f->file, j->offset);
    *is_layer = false;
    for (const ast_stmt *s = m ? m->statements : NULL; s; s = s->next) {
        if (s->kind != AST_LAYER || !s->value || strcmp(s->name.text, callee) != 0 ||
            s->where.begin > j->at.statement)
            continue;
        *is_layer = true;
        return s->value->name.text;
    }
    return callee;
}

/* Is there a NAME= in the call already? */
static bool is_given(const job *j, const char *name) {
    const char *from = j->f->source->text + j->at.opened, *end = j->f->source->text + j->at.word;
    for (const char *c = from; c < end; c++) {
        size_t n = strlen(name);
        if ((size_t)(end - c) > n && strncmp(c, name, n) == 0 && c[n] == '=' &&
            (c == from || strchr(" ,\n\t", c[-1])))
            return true;
    }
    return false;
}

static void add_arguments(const job *j) {
    bool is_layer;
    catalogue all = catalogue_new(j->a);
    const catalogue_entry *e = catalogue_find(&all, kind_of(j, j->at.callee, &is_layer));
    if (!e) return;
    const catalogue_argument *arguments = is_layer ? e->call_arguments : e->arguments;
    size_t count = is_layer ? e->call_count : e->count;
    for (size_t i = 0; i < count; i++)
        if (!is_given(j, arguments[i].name))
            add(j, arena_printf(j->a, "%s=", arguments[i].name), KIND_PROPERTY, arguments[i].takes);
}

/* --- keys of the weights --- */

static const char *shape_of(const job *j, const tensor *t) {
    text s = text_new(j->a);
    text_printf(&s, "%s [", t->dtype_name);
    for (unsigned i = 0; i < t->rank; i++)
        text_printf(&s, "%s%lld", i ? ", " : "", (long long)t->shape[i]);
    text_add(&s, "]");
    return text_string(&s);
}

static void add_key(const job *j, const char *key, const char *detail) {
    json_t *item = json_made(json_pack("{s:o, s:i}", "label", json_text(key), "kind", KIND_FIELD));
    if (detail) json_put(item, "detail", json_text(detail));
    json_put(
        item, "textEdit",
        json_pack("{s:o, s:o}", "range", json_range(j->f->source, (span){j->at.string, j->offset}),
                  "newText", json_text(key)));
    json_append(j->items, item);
}

/* Of a layer, what stands before the names of its tensors; else whole keys. */
static void add_keys(const job *j, bool prefixes) {
    const ast_model *m = model_at(j->f->file, j->offset);
    const char *path = document_weights(j->d, j->a, m);
    diag_list *diags = diag_list_new(j->a, j->f->source);
    tensor_file *file = path ? tensor_file_open(j->a, path, diags, (span){0, 0}) : NULL;
    if (!file) return;
    const char *last = "";
    for (size_t i = 0; i < file->dict_count; i++)
        for (size_t k = 0; k < file->dicts[i].count; k++) {
            const tensor *t = &file->dicts[i].tensors[k];
            const char *dot = strrchr(t->name, '.');
            if (!prefixes) add_key(j, t->name, shape_of(j, t));
            if (!prefixes || !dot) continue;
            const char *prefix = arena_strndup(j->a, t->name, (size_t)(dot - t->name));
            if (strcmp(prefix, last) != 0) add_key(j, prefix, NULL);
            last = prefix;
        }
    tensor_file_close(file);
}

/* --- the place --- */

static void add_in_string(const job *j, const char *first) {
    bool is_key = strcmp(first, "layer") == 0 || strcmp(first, "param") == 0;
    if (is_key && strcmp(j->at.bracket == '(' ? j->at.callee : "from", "from") == 0)
        add_keys(j, !j->at.bracket && *first == 'l');
    else if (is_key && j->at.bracket == '(' && !*j->at.callee) add_keys(j, false);
    else if (strcmp(first, "weights") == 0 &&
             strstr(arena_strndup(j->a, j->f->source->text + j->at.statement,
                                  j->offset - j->at.statement),
                    "prefix"))
        add_keys(j, true);
}

static void add_expression(const job *j) {
    add_names(j, SYMBOL_VALUE, false);
    add_names(j, SYMBOL_LAYER, false);
    add_catalogue(j, CATALOGUE_FUNCTION);
    add_constants(j);
}

static void add_statement(const job *j) {
    size_t count;
    const char *const *words = syntax_statement_words(j->a, &count);
    add_keywords(j, words, count);
    add_names(j, SYMBOL_VALUE, false);
}

static void add_types(const job *j) {
    for (int i = 0; i <= IR_BOOL; i++) add(j, ir_dtype_name((ir_dtype)i), KIND_KEYWORD, NULL);
}

static void add_tail(const job *j) {
    size_t count;
    const char *const *words = syntax_tail_words(j->a, &count);
    add_keywords(j, words, count);
}

static bool is_type(const char *name) {
    for (int i = 0; i <= IR_BOOL; i++)
        if (strcmp(ir_dtype_name((ir_dtype)i), name) == 0) return true;
    return false;
}

static void add_items(const job *j) {
    const char *first = cursor_word(j->a, j->f->source, &j->at, j->offset, 0);
    bool in_layer = strcmp(first, "layer") == 0;
    if (j->at.in_comment) return;
    if (j->at.in_string) add_in_string(j, first);
    else if (j->at.bracket == '[' && is_type(j->at.callee)) add_names(j, SYMBOL_VALUE, true);
    else if (j->at.bracket) {
        bool at_argument = j->at.bracket == '(' && (j->at.before == '(' || j->at.before == ',');
        if (at_argument) add_arguments(j);
        if (in_layer && strcmp(j->at.callee, "Sequential") == 0) add_catalogue(j, CATALOGUE_LAYER);
        else if (in_layer) add_names(j, SYMBOL_VALUE, true), add_constants(j);
        else add_expression(j);
    } else if (j->at.word == j->at.statement) add_statement(j);
    else if (j->at.before == ':') add_types(j);
    else if (in_layer && j->at.before == '=') add_catalogue(j, CATALOGUE_LAYER);
    else if (in_layer || strcmp(first, "weights") == 0 || strcmp(first, "param") == 0) add_tail(j);
    else if (strcmp(first, "train") == 0) add_catalogue(j, CATALOGUE_RULE);
    else if (strcmp(first, "dim") == 0) add_names(j, SYMBOL_VALUE, true);
    else {
        add_expression(j);
        if (strcmp(first, "repeat") == 0) add_tail(j);
    }
}

json_t *complete_at(document *d, size_t offset) {
    const analysis *f = document_look(d);
    job j = {.d = d,
             .f = f,
             .a = f->arena,
             .at = cursor_at(f->arena, f->source, offset),
             .offset = offset,
             .items = json_made(json_array())};
    add_items(&j);
    return j.items;
}
