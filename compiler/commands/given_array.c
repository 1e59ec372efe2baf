/* given_array: see given_array.h. */
#include "commands/given_array.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/text.h"

/* --- typed numbers --- */

typedef struct {
    arena *arena;
    const char *at;
    given_array *to;
    size_t capacity;
    bool known[TENSOR_MAX_RANK]; /* of each depth of brackets: its size was seen */
    const char *problem;
} reading;

static void skip_blanks(reading *r) {
    while (isspace((unsigned char)*r->at)) r->at++;
}

static bool fail(reading *r, const char *problem) {
    if (!r->problem) r->problem = problem;
    return false;
}

/* As strtod reads them, without hexadecimal ones and NANs with something in them. */
static bool read_number(reading *r) {
    char *end;
    size_t length = strcspn(r->at, ",[] \t\n");
    const char *word = arena_strndup(r->arena, r->at, length);
    double number = strtod(word, &end);
    if (!length || *end || strpbrk(word, "xX(")) {
        const char *what = *r->at ? arena_printf(r->arena, "a number was expected, found %.*s",
                                                 (int)(length ? length : 1), r->at)
                                  : "a number was expected, and nothing follows";
        return fail(r, what);
    }
    if (isinf(number) && strpbrk(word, "0123456789"))
        return fail(r, arena_printf(r->arena, "%s is too large for a number", word));
    r->at += length;
    ARENA_PUSH(r->arena, r->to->numbers, r->to->elements, r->capacity, number);
    return true;
}

/* Lists of one depth have one length. */
static bool set_size(reading *r, unsigned depth, int64_t size) {
    if (r->known[depth] && r->to->sizes[depth] != size)
        return fail(r, "lists of one depth differ in length");
    r->known[depth] = true;
    r->to->sizes[depth] = size;
    return true;
}

/* All numbers stand in as many brackets as the first. */
static bool read_item(reading *r, unsigned depth);

/* Items, up to what ends them. */
static bool read_list(reading *r, unsigned depth) {
    int64_t count = 0;
    if (depth == TENSOR_MAX_RANK) return fail(r, "more than 8 brackets in each other");
    do {
        if (count++) r->at++;
        skip_blanks(r);
        if (!read_item(r, depth)) return false;
        skip_blanks(r);
    } while (*r->at == ',');
    return set_size(r, depth, count);
}

static bool read_item(reading *r, unsigned depth) {
    if (*r->at == '[') {
        r->at++;
        if (!read_list(r, depth + 1)) return false;
        return *r->at++ == ']' || fail(r, "a ] is missing");
    }
    if (!r->to->rank) r->to->rank = depth + 1;
    if (r->to->rank != depth + 1) return fail(r, "numbers and lists stand side by side");
    return read_number(r);
}

/* What somebody typed, in a message: not all of a thousand numbers. */
static const char *shortened(arena *a, const char *typed) {
    enum { MOST = 40 };
    size_t length = strlen(typed), shown = 0;
    while (shown < MOST && shown < length) {
        size_t bytes = text_utf8_length(typed + shown, length - shown);
        shown += bytes ? bytes : 1;
    }
    return shown < length ? arena_printf(a, "%.*s…", (int)shown, typed) : typed;
}

/* NULL, or what is wrong. */
static const char *read_numbers(arena *a, const char *typed, given_array *to) {
    reading r = {.arena = a, .at = typed, .to = to};
    skip_blanks(&r);
    to->in_a_row = *r.at != '[';
    if (!to->in_a_row) r.at++;
    if (!read_list(&r, 0)) return r.problem;
    if (!to->in_a_row && *r.at++ != ']') return "a ] is missing";
    skip_blanks(&r);
    return *r.at ? arena_printf(a, "what is %s?", shortened(a, r.at)) : NULL;
}

/* --- files --- */

static bool take(arena *a, given_arrays *to, const tensor_file *f, const tensor *t,
                 const char *name, diag_list *diags) {
    given_array g = {.name = name, .from = f->path, .rank = t->rank, .elements = t->elements};
    const char *problem = tensor_numbers(a, f, t, &g.numbers);
    if (problem) {
        diag_error_file(diags, f->path, "array %s %s", tensor_name_quoted(a, t->name), problem);
        return false;
    }
    memcpy(g.sizes, t->shape, sizeof g.sizes);
    ARENA_PUSH(a, to->items, to->count, to->capacity, g);
    return true;
}

static bool take_one(arena *a, given_arrays *to, const tensor_file *f, const char *name,
                     diag_list *diags) {
    const tensor_dict *d = &f->dicts[0];
    const tensor *t = tensor_find(d, name);
    if (!t && f->dict_count == 1 && d->count == 1) t = &d->tensors[0];
    if (t) return take(a, to, f, t, name, diags);
    diag_error_file(diags, f->path, "no array in it is called %s", name);
    return false;
}

static bool take_all(arena *a, given_arrays *to, const tensor_file *f, diag_list *diags) {
    const tensor_dict *d = &f->dicts[0];
    if (d->count == 1 && !*d->tensors[0].name) {
        diag *e = diag_error_file(diags, f->path, "this array has no name");
        diag_hint(e, "say which input it is: NAME=%s", f->path);
        return false;
    }
    for (size_t i = 0; i < d->count; i++)
        if (!take(a, to, f, &d->tensors[i], arena_strdup(a, d->tensors[i].name), diags))
            return false;
    return true;
}

/* name is NULL: all arrays. */
static bool read_file(arena *a, given_arrays *to, const char *path, const char *name,
                      diag_list *diags) {
    tensor_file *f = tensor_array_file_open(a, path, diags);
    bool good = f && (name ? take_one(a, to, f, name, diags) : take_all(a, to, f, diags));
    tensor_file_close(f);
    return good;
}

/* --- both --- */

static size_t name_length(const char *s) {
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) || s[n] == '_') n++;
    return n;
}

/* Numbers that somebody mistyped are not looked for among the files. */
static bool is_typed(const char *value) {
    if (!*value) return true;
    return strchr("+-.0123456789[", *value) && strpbrk(value, ",[") && access(value, F_OK) != 0;
}

bool given_arrays_add(arena *a, given_arrays *to, const char *given, diag_list *diags) {
    size_t length = name_length(given);
    if (!length || given[length] != '=') return read_file(a, to, given, NULL, diags);
    const char *name = arena_strndup(a, given, length), *value = given + length + 1;
    given_array g = {.name = name};
    const char *problem = read_numbers(a, value, &g);
    if (!problem) {
        ARENA_PUSH(a, to->items, to->count, to->capacity, g);
        return true;
    }
    if (!is_typed(value)) return read_file(a, to, value, name, diags);
    diag_error_file(diags, shortened(a, given), "%s", problem);
    return false;
}

const given_array *given_arrays_find(const given_arrays *all, const char *name) {
    for (size_t i = all->count; i-- > 0;)
        if (strcmp(all->items[i].name, name) == 0) return &all->items[i];
    return NULL;
}

const char *given_array_string(arena *a, const given_array *g) {
    if (g->in_a_row)
        return g->elements == 1 ? "1 number is given"
                                : arena_printf(a, "%zu numbers are given", g->elements);
    const char *shape = tensor_shape_string(a, g->sizes, g->rank);
    return arena_printf(a, "%s has shape %s", g->from ? g->from : "what is given", shape);
}
