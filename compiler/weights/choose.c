/* choose: dicts held against a model's params. */
#include "weights/choose.h"

#include <string.h>

#include "support/text.h"

enum { MOST_LISTED = 10 };

/* How the names of a dict may have to be read. */
typedef enum { AS_IS, STRIPPED, DOTTED, SPELLINGS } spelling;

typedef struct {
    size_t named, shaped; /* params whose name is there; and with the right shape */
} fit;

/* --- names ------------------------------------------------------------------------------------ */

static bool starts_with(const char *s, const char *start) {
    return strncmp(s, start, strlen(start)) == 0;
}

/* torch.optim.swa_utils.AveragedModel counts beside its module. */
static bool all_start_with(const tensor *tensors, size_t count, const char *start) {
    for (size_t i = 0; i < count; i++)
        if (!starts_with(tensors[i].name, start) && strcmp(tensors[i].name, "n_averaged") != 0)
            return false;
    return count > 0;
}

static bool strip(tensor *tensors, size_t count) {
    static const char *const wrappers[] = {"module.", "_orig_mod."};
    bool stripped = false;
    for (size_t w = 0; w < sizeof wrappers / sizeof *wrappers;) {
        if (!all_start_with(tensors, count, wrappers[w])) {
            w++;
            continue;
        }
        for (size_t i = 0; i < count; i++)
            if (starts_with(tensors[i].name, wrappers[w])) tensors[i].name += strlen(wrappers[w]);
        stripped = true;
        w = 0;
    }
    return stripped;
}

/* "encoder/lstm/weight_ih_l0", as exported from other frameworks. */
static bool dot(arena *a, tensor *tensors, size_t count) {
    bool changed = false;
    for (size_t i = 0; i < count; i++) {
        if (!strchr(tensors[i].name, '/')) continue;
        char *name = arena_strdup(a, tensors[i].name);
        for (char *c = name; *c; c++)
            if (*c == '/') *c = '.';
        tensors[i].name = name;
        changed = true;
    }
    return changed;
}

/* Keeps the names that begin with the prefix, without it. */
static void cut_prefix(tensor *tensors, size_t *count, const char *prefix) {
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        if (!starts_with(tensors[i].name, prefix)) continue;
        tensors[kept] = tensors[i];
        tensors[kept++].name += strlen(prefix);
    }
    *count = kept;
}

/* --- groups: a dict, or all of them under their keys ------------------------------------------ */

/* Is the dict at the key, or below it? The rest of its own key then. */
static bool is_below(const tensor_dict *d, const char *key, const char **rest) {
    size_t length = strlen(key);
    if (strncmp(d->key, key, length) != 0) return false;
    *rest = d->key + length;
    if (**rest == '.' && length) ++*rest;
    else if (**rest && length) return false;
    return true;
}

/* All tensors below a key, by their paths from there. */
static tensor_dict join(arena *a, const tensor_file *f, const char *key) {
    size_t count = 0;
    const char *rest;
    for (size_t i = 0; i < f->dict_count; i++)
        count += is_below(&f->dicts[i], key, &rest) ? f->dicts[i].count : 0;
    tensor_dict all = {.key = key, .count = count};
    tensor *tensors = ARENA_ARRAY(a, tensor, count);
    count = 0;
    for (size_t i = 0; i < f->dict_count; i++) {
        if (!is_below(&f->dicts[i], key, &rest)) continue;
        for (size_t k = 0; k < f->dicts[i].count; k++) {
            tensors[count] = f->dicts[i].tensors[k];
            if (*rest) tensors[count].name = arena_printf(a, "%s.%s", rest, tensors[count].name);
            count++;
        }
    }
    tensor_dict_sort(tensors, &all.count);
    all.tensors = tensors;
    return all;
}

/* The group of a number: a dict, or behind the last dict all of them together. */
static tensor_dict group_of(const chooser *c, size_t group) {
    return group < c->file->dict_count ? c->file->dicts[group]
                                       : join(c->arena, c->file, c->key ? c->key : "");
}

static const char *place_of(const chooser *c, const tensor_dict *d, const char *prefix) {
    arena *a = c->arena;
    if (!*d->key && !prefix) return c->file->path;
    const char *dict = *d->key ? arena_printf(a, "dict %s", tensor_name_quoted(a, d->key)) : "";
    const char *under =
        prefix ? arena_printf(a, "%sunder %s", *d->key ? ", " : "", tensor_name_quoted(a, prefix))
               : "";
    return arena_printf(a, "%s (%s%s)", c->file->path, dict, under);
}

/* --- views ------------------------------------------------------------------------------------ */

/* NULL when this spelling changes nothing. */
static tensor_view *new_view(chooser *c, size_t group, spelling how, const char *prefix) {
    tensor_view *v = ARENA_NEW(c->arena, tensor_view);
    *v = (tensor_view){.dict = group_of(c, group), .prefix = prefix, .group = group};
    v->place = place_of(c, &v->dict, prefix);
    if (how == AS_IS && !prefix) return v;
    size_t count = v->dict.count;
    tensor *tensors = ARENA_ARRAY(c->arena, tensor, count);
    if (count) memcpy(tensors, v->dict.tensors, count * sizeof *tensors);
    if (how == STRIPPED && !strip(tensors, count)) return NULL;
    if (how == DOTTED && !dot(c->arena, tensors, count)) return NULL;
    if (prefix) cut_prefix(tensors, &count, prefix);
    tensor_dict_sort(tensors, &count);
    v->dict.tensors = tensors;
    v->dict.count = count;
    return v;
}

static bool same_prefix(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

static const tensor_view *view_of(chooser *c, size_t group, spelling how, const char *prefix) {
    if (!c->views)
        c->views = ARENA_ARRAY(c->arena, tensor_view *, (c->file->dict_count + 1) * SPELLINGS);
    tensor_view **first = &c->views[group * SPELLINGS + how];
    for (tensor_view *v = *first; v; v = v->next)
        if (same_prefix(v->prefix, prefix)) return v;
    tensor_view *v = new_view(c, group, how, prefix);
    if (!v) return NULL;
    v->next = *first;
    return *first = v;
}

tensor_dict choose_spelled(arena *a, const tensor_dict *d, bool *dotted) {
    tensor_dict spelled = *d;
    tensor *tensors = ARENA_ARRAY(a, tensor, d->count);
    if (d->count) memcpy(tensors, d->tensors, d->count * sizeof *tensors);
    strip(tensors, d->count);
    *dotted = dot(a, tensors, d->count);
    tensor_dict_sort(tensors, &spelled.count);
    spelled.tensors = tensors;
    return spelled;
}

bool choose_shape_fits(const ir_param *p, const tensor *t) {
    if (t->rank != p->type.rank) return false;
    for (unsigned i = 0; i < t->rank; i++) {
        int64_t size;
        if (!dim_is_const(p->type.dims[i], &size)) ice("param %s has no constant shape", p->key);
        if (t->shape[i] != size) return false;
    }
    return true;
}

static fit fit_of(const tensor_view *v, const ir_model *m) {
    fit f = {0, 0};
    for (size_t i = 0; i < m->param_count; i++) {
        const tensor *t = tensor_find(&v->dict, m->params[i].key);
        f.named += t != NULL;
        f.shaped += t && choose_shape_fits(&m->params[i], t);
    }
    return f;
}

static bool is_better(fit a, fit b) {
    return a.named != b.named ? a.named > b.named : a.shaped > b.shaped;
}

/* The spelling of a group that fits best. */
static const tensor_view *best_spelling(chooser *c, size_t group, const ir_model *m, fit *best) {
    const tensor_view *found = NULL;
    for (spelling how = AS_IS; how < SPELLINGS; how++) {
        const tensor_view *v = view_of(c, group, how, m->weights_prefix);
        if (!v) continue;
        fit f = fit_of(v, m);
        if (found && !is_better(f, *best)) continue;
        found = v;
        *best = f;
        if (f.named == m->param_count) break;
    }
    return found;
}

/* --- several that fit ------------------------------------------------------------------------- */

static bool is_same_place(const tensor *a, const tensor *b) {
    if (a->g || b->g) return a->g && b->g && is_same_place(a->g, b->g) && is_same_place(a->v, b->v);
    return a->storage && a->storage == b->storage && a->offset == b->offset && a->rank == b->rank &&
           memcmp(a->strides, b->strides, a->rank * sizeof *a->strides) == 0;
}

static bool holds_the_same(const tensor_view *a, const tensor_view *b, const ir_model *m) {
    for (size_t i = 0; i < m->param_count; i++)
        if (!is_same_place(tensor_find(&a->dict, m->params[i].key),
                           tensor_find(&b->dict, m->params[i].key)))
            return false;
    return true;
}

static diag *report(const chooser *c, const char *what) {
    bool in_source = c->where.begin != c->where.end;
    return in_source ? diag_error(c->diags, c->where, "%s: %s", c->file->path, what)
                     : diag_error_file(c->diags, c->file->path, "%s", what);
}

static const char *quoted_key(arena *a, const char *key) {
    return *key ? tensor_name_quoted(a, key) : "the one at the top";
}

static void report_several(const chooser *c, const ir_model *m, const tensor_view *const *found,
                           size_t count) {
    text list = text_new(c->arena);
    const char *example = "";
    for (size_t i = 0; i < count && i < MOST_LISTED; i++) {
        const char *key = found[i]->dict.key;
        text_printf(&list, "%s%s",
                    i == 0          ? ""
                    : i + 1 < count ? ", "
                                    : " and ",
                    quoted_key(c->arena, key));
        if (!*example) example = key;
    }
    if (count > MOST_LISTED) text_add(&list, " …");
    diag *d =
        report(c, arena_printf(c->arena, "several dicts in it fit model %s, with other numbers: %s",
                               m->name, text_string(&list)));
    diag_hint(d, "choose one, like: --weights-key %s", example);
}

/* The first of the full ones if all hold the same; NULL after reporting if they do not. */
static const tensor_view *one_of(const chooser *c, const ir_model *m,
                                 const tensor_view *const *found, size_t count) {
    for (size_t i = 1; i < count; i++) {
        if (holds_the_same(found[0], found[i], m)) continue;
        report_several(c, m, found, count);
        return NULL;
    }
    return found[0];
}

/* --- choosing --------------------------------------------------------------------------------- */

static const tensor_view *among_dicts(chooser *c, const ir_model *m) {
    const tensor_view **full = ARENA_ARRAY(c->arena, const tensor_view *, c->file->dict_count);
    const tensor_view *best = NULL;
    fit best_fit = {0, 0};
    size_t count = 0;
    for (size_t i = 0; i < c->file->dict_count; i++) {
        fit f;
        const tensor_view *v = best_spelling(c, i, m, &f);
        if (f.shaped == m->param_count) full[count++] = v;
        bool larger = best && f.named == best_fit.named && f.shaped == best_fit.shaped &&
                      v->dict.count > best->dict.count;
        if (best && !larger && !is_better(f, best_fit)) continue;
        best = v;
        best_fit = f;
    }
    if (count && m->param_count) return one_of(c, m, full, count);
    if (c->file->dict_count > 1 && best_fit.named < m->param_count) {
        fit f;
        const tensor_view *all = best_spelling(c, c->file->dict_count, m, &f);
        if (is_better(f, best_fit)) return all;
    }
    return best;
}

static void report_no_key(const chooser *c) {
    arena *a = c->arena;
    const tensor_file *f = c->file;
    bool alone = f->dict_count == 1 && !*f->dicts[0].key;
    diag *d = report(c, arena_printf(a, "it holds no dict %s", tensor_name_quoted(a, c->key)));
    if (alone) {
        diag_hint(d,
                  "its tensors stand at its top, in no dict of another: it needs no --weights-key");
        return;
    }
    text list = text_new(a);
    for (size_t i = 0; i < f->dict_count && i < MOST_LISTED; i++)
        text_printf(&list, "%s%s", i ? ", " : "", quoted_key(a, f->dicts[i].key));
    diag_hint(d, "it holds %s%s", text_string(&list), f->dict_count > MOST_LISTED ? ", …" : "");
}

/* The dict of --weights-key, or those below it. */
static const tensor_view *by_key(chooser *c, const ir_model *m) {
    fit f;
    bool below = false;
    const char *rest;
    for (size_t i = 0; i < c->file->dict_count; i++) {
        if (strcmp(c->file->dicts[i].key, c->key) == 0) return best_spelling(c, i, m, &f);
        below = below || (*c->key && is_below(&c->file->dicts[i], c->key, &rest));
    }
    if (below) return best_spelling(c, c->file->dict_count, m, &f);
    report_no_key(c);
    return NULL;
}

static void report_no_prefix(const chooser *c, const ir_model *m, const tensor_view *v) {
    arena *a = c->arena;
    tensor_dict d = group_of(c, v->group);
    diag *e = report(
        c, arena_printf(a, "none of its names is the prefix %s and the key of a tensor of model %s",
                        tensor_name_quoted(a, m->weights_prefix), m->name));
    const char *dotted = arena_printf(a, "%s.", m->weights_prefix);
    for (size_t i = 0; i < d.count; i++)
        if (starts_with(d.tensors[i].name, dotted)) {
            diag_hint(e, "with its dot: prefix %s", tensor_name_quoted(a, dotted));
            return;
        }
    if (d.count) diag_hint(e, "its names are like %s", tensor_name_quoted(a, d.tensors[0].name));
}

const tensor_view *choose_view(chooser *c, const ir_model *m) {
    const tensor_view *v = c->key ? by_key(c, m) : among_dicts(c, m);
    const char *prefix = m->weights_prefix;
    if (!v || !prefix || !m->param_count || fit_of(v, m).named) return v;
    bool undotted = *prefix && prefix[strlen(prefix) - 1] != '.';
    if (v->dict.count && !undotted) return v;
    report_no_prefix(c, m, v);
    return NULL;
}
