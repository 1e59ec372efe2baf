/* bind: params and tensors matched, layer by layer; what does not fit is told once a layer.
 *
 * In this order: each model chooses its view of the file; what all of them need is loaded at once, so that every record
 * of an archive is read once; then the params get their numbers, or their layers an error. */
#include "weights/bind.h"

#include <math.h>
#include <string.h>

#include "support/text.h"
#include "weights/choose.h"
#include "weights/describe.h"
#include "weights/weight_norm.h"

enum {
    MOST_NOTES = 8,          /* tensors listed in one diagnostic */
    MOST_UNUSED = 10,        /* warnings about tensors that nothing uses */
    MOST_DENORMAL = 10,      /* warnings about tensors with denormal numbers */
    MOST_HINTED = 20,        /* layers with hints: each looks through the whole file */
    MOST_PLACES = 3,         /* other prefixes or nearest names in one hint */
    LARGEST_SEARCHED = 20000 /* tensors in a file in which nearest names are looked for */
};

/* A bound layer of which the file holds more than the model asks for. */
typedef struct {
    const char *prefix, *layer, *wanted_by;
} richer;

/* A view, and what the models that chose it do with its tensors: the arrays are parallel to them. */
typedef struct {
    arena *arena;
    const tensor_view *view;
    diag_list *diags;
    bool *used;
    bool *explained;           /* a hint says what it is for */
    bool *cleaned;             /* its elements have no denormals any more */
    const float **elements;    /* as float32, NULL where nobody needs them or where they cannot be had … */
    const char **problems;     /* … for this reason */
    size_t *requests;          /* which request, from 1 on, gets them */
    size_t denormal_tensors;
    size_t hinted;
    richer *richers;
    size_t richer_count, richer_capacity;
} binder;

/* The params of one layer stand together in a model. */
typedef struct {
    ir_param *params;
    size_t count;
    const char *prefix; /* of their keys; "" for none */
} group;

typedef struct {
    size_t missing, wrong_shape, other;
    const tensor *unread;       /* one with elements of a type that nnc does not read */
    const ir_param *transposed; /* one whose tensor has its two dims the other way round */
    text notes[MOST_NOTES];
} faults;

static size_t fault_count(const faults *f) { return f->missing + f->wrong_shape + f->other; }

/* --- names -------------------------------------------------------------------------------------------------------- */

static const char *last_part(const char *key) {
    const char *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

static const char *prefix_of(arena *a, const char *key) {
    const char *name = last_part(key);
    return name == key ? "" : arena_strndup(a, key, (size_t)(name - key) - 1);
}

/* Of a layer, or of a param statement? */
static bool is_layer(const ir_param *p) { return strncmp(p->wanted_by, "layer ", 6) == 0; }

/* Is `inner` all of `outer`, or its last parts? "lstm" in "model.lstm". */
static bool ends_with_parts(const char *outer, const char *inner) {
    size_t length = strlen(outer), tail = strlen(inner);
    if (length < tail || strcmp(outer + length - tail, inner) != 0) return false;
    return length == tail || tail == 0 || outer[length - tail - 1] == '.';
}

static bool is_under(const char *name, const char *prefix) {
    size_t length = strlen(prefix);
    return length == 0 || (strncmp(name, prefix, length) == 0 && name[length] == '.');
}

static const char *tensors_under(const binder *b, const char *prefix) {
    if (!*prefix) return "the tensors";
    return arena_printf(b->arena, "the tensors under %s", tensor_name_quoted(b->arena, prefix));
}

static size_t index_of(const binder *b, const tensor *t) { return (size_t)(t - b->view->dict.tensors); }

static int64_t size_of(const ir_param *p, unsigned i) {
    int64_t size;
    if (!dim_is_const(p->type.dims[i], &size)) ice("param %s has no constant shape", p->key);
    return size;
}

/* Its dims the other way round: [in, out] for [out, in], [kernel, in, out] for [out, in, kernel]. */
static bool is_transposed(const ir_param *p, const tensor *t) {
    if (t->rank < 2 || t->rank != p->type.rank) return false;
    for (unsigned i = 0; i < t->rank; i++)
        if (t->shape[i] != size_of(p, t->rank - 1 - i)) return false;
    return true;
}

/* --- one param ---------------------------------------------------------------------------------------------------- */

/* Processors take a hundred times as long for a product with a denormal number: they become 0, as with FTZ and DAZ. */
static const float *without_denormals(binder *b, const tensor *t, const ir_param *p, const float *values) {
    size_t count = elements_denormal(values, t->elements);
    if (!count) return values;
    float *clean = ARENA_ARRAY(b->arena, float, t->elements);
    for (size_t i = 0; i < t->elements; i++) clean[i] = fpclassify(values[i]) == FP_SUBNORMAL ? 0 : values[i];
    if (b->denormal_tensors++ < MOST_DENORMAL)
        diag_warning(b->diags, WARNING_DENORMAL_WEIGHTS, p->where,
                     "%s: %s has %zu element%s below 1.2e-38 (denormal) in %s, written as 0", p->wanted_by,
                     tensor_name_quoted(b->arena, t->name), count, count == 1 ? "" : "s", b->view->place);
    return clean;
}

/* The elements as float32; for every param of the tensor the same ones. */
static const float *elements_of(binder *b, const tensor *t, const ir_param *p) {
    size_t i = index_of(b, t);
    if (!b->cleaned[i]) b->elements[i] = without_denormals(b, t, p, b->elements[i]);
    b->cleaned[i] = true;
    return b->elements[i];
}

/* Sets the param's data, or adds to the faults what keeps it from being set. */
static void bind_param(binder *b, ir_param *p, faults *f) {
    const char *name = tensor_name_quoted(b->arena, p->key), *path = b->view->place;
    const char *needed = ir_shape_string(b->arena, &p->type);
    size_t place = fault_count(f);
    text none = text_new(b->arena), *note = place < MOST_NOTES ? &f->notes[place] : &none;
    *note = text_new(b->arena);
    const tensor *t = tensor_find(&b->view->dict, p->key);
    if (!t) {
        f->missing++;
        text_printf(note, "%s %s is not in %s", name, needed, path);
        return;
    }
    size_t i = index_of(b, t);
    bool dense = t->storage || t->g;
    if (dense && !choose_shape_fits(p, t)) {
        f->wrong_shape++;
        if (is_transposed(p, t)) f->transposed = p;
        text_printf(note, "%s should be %s, but in %s it is %s", name, needed, path,
                    tensor_shape_string(b->arena, t->shape, t->rank));
    } else if (t->dtype == TENSOR_OTHER) {
        f->other++;
        f->unread = t;
        text_printf(note, "%s has elements of type %s in %s; nnc reads F32, F64, F16 and BF16", name, t->dtype_name,
                    path);
    } else if (b->problems[i]) {
        f->other++;
        text_printf(note, "%s %s, in %s", name, b->problems[i], path);
    } else {
        p->data = elements_of(b, t, p);
        if (!t->g)
            p->stored = t->dtype == TENSOR_F16    ? IR_IN_FLOAT16
                        : t->dtype == TENSOR_BF16 ? IR_IN_BFLOAT16
                                                  : IR_IN_FLOAT32;
    }
}

/* --- hints -------------------------------------------------------------------------------------------------------- */

/* Every param of the group is in the file under the prefix, and not used yet; *fits: with the shapes wanted. */
static bool group_is_under(const binder *b, const group *g, const char *prefix, bool *fits) {
    *fits = true;
    for (size_t i = 0; i < g->count; i++) {
        const tensor *t = tensor_find(&b->view->dict, describe_join(b->arena, prefix, last_part(g->params[i].key)));
        if (!t || b->used[index_of(b, t)]) return false;
        if (!choose_shape_fits(&g->params[i], t)) *fits = false;
    }
    return true;
}

/* A layer of which the file has nothing may be there under another prefix ("model.lstm"). False if it is not. */
static bool hint_other_prefix(binder *b, diag *d, const group *g) {
    const char *found[MOST_PLACES], *name = last_part(g->params[0].key);
    unsigned best = 1;
    size_t count = 0;
    for (size_t i = 0; i < b->view->dict.count; i++) {
        const char *candidate = b->view->dict.tensors[i].name;
        if (strcmp(last_part(candidate), name) != 0) continue;
        const char *prefix = prefix_of(b->arena, candidate);
        bool fits;
        if (!group_is_under(b, g, prefix, &fits)) continue;
        bool akin = ends_with_parts(prefix, g->prefix) || ends_with_parts(g->prefix, prefix);
        unsigned score = (akin ? 2u : 0u) + (fits ? 1u : 0u);
        if (score < best) continue;
        if (score > best) count = 0;
        best = score;
        if (count < MOST_PLACES) found[count] = prefix;
        count++;
    }
    if (!count) return false;
    if (count == 1) {
        const char *prefix = tensor_name_quoted(b->arena, found[0]);
        const char *place = found[0][0] ? arena_printf(b->arena, "under %s", prefix) : "without a prefix";
        if (is_layer(&g->params[0]))
            diag_hint(d, "%s has them %s: add from %s to the layer", b->view->place, place, prefix);
        else
            diag_hint(d, "%s has it %s: add from %s, the whole key, to the param", b->view->place, place,
                      tensor_name_quoted(b->arena, describe_join(b->arena, found[0], name)));
        for (size_t i = 0; i < g->count; i++) {
            const char *explained = describe_join(b->arena, found[0], last_part(g->params[i].key));
            b->explained[index_of(b, tensor_find(&b->view->dict, explained))] = true;
        }
        return true;
    }
    text list = text_new(b->arena);
    for (size_t i = 0; i < count && i < MOST_PLACES; i++)
        text_printf(&list, "%s%s", i ? ", " : "", tensor_name_quoted(b->arena, found[i]));
    diag_hint(d, "%s has such tensors under %s%s: say which with from \"…\"", b->view->place, text_string(&list),
              count > MOST_PLACES ? ", …" : "");
    return true;
}

/* The nearest names among the tensors that nothing uses: these are warned about as well. */
static void hint_nearest(binder *b, diag *d, const char *key) {
    if (b->view->dict.count == 0) diag_hint(d, "%s holds no tensors", b->view->place);
    if (b->view->dict.count > LARGEST_SEARCHED) return;
    const char **names = ARENA_ARRAY(b->arena, const char *, b->view->dict.count);
    size_t count = 0, found = 0;
    for (size_t i = 0; i < b->view->dict.count; i++)
        if (!b->used[i]) names[count++] = b->view->dict.tensors[i].name;
    text list = text_new(b->arena);
    for (; found < MOST_PLACES; found++) {
        const char *nearest = diag_nearest(key, names, count);
        if (!nearest) break;
        text_printf(&list, "%s%s", found ? ", " : "", tensor_name_quoted(b->arena, nearest));
        size_t at = 0;
        while (names[at] != nearest) at++;
        names[at] = names[--count];
    }
    if (found) diag_hint(d, "did you mean %s?", text_string(&list));
}

/* What other frameworks, and other ways to train, leave in a file. */
static bool hint_habit(const binder *b, diag *d, const group *g, const char *missing) {
    static const char *const keras[] = {"kernel", "recurrent_kernel", "embeddings", "gamma", "moving_mean",
                                        "beta",   "moving_variance"};
    for (size_t i = 0; i < sizeof keras / sizeof *keras; i++) {
        if (!tensor_find(&b->view->dict, describe_join(b->arena, g->prefix, keras[i]))) continue;
        diag_hint(d,
                  "%s is a name of Keras or TensorFlow: save PyTorch's names and shapes (gamma is weight, beta bias, a "
                  "kernel the weight transposed)",
                  keras[i]);
        return true;
    }
    if (strcmp(last_part(missing), "running_mean") != 0) return false;
    diag_hint(d, "track_running_stats=False keeps none, but at inference a batch norm needs them");
    return true;
}

/* A bias alone: the layer's weight is another layer's, too, and not of this group. */
static bool is_left_over(const binder *b, const group *g) {
    return g->count == 1 && strcmp(last_part(g->params[0].key), "bias") == 0 &&
           tensor_find(&b->view->dict, describe_join(b->arena, g->prefix, "weight"));
}

/* A tensor that is missing may be there once for two layers, or for one of them under the other's key: safetensors'
 * save_model keeps one name of tied weights. */
static bool hint_tied(binder *b, diag *d, const group *g, const char *missing) {
    const ir_param *p = g->params;
    while (strcmp(p->key, missing) != 0) p++;
    const tensor *same = NULL;
    for (size_t i = 0; i < b->view->dict.count; i++) {
        const tensor *t = &b->view->dict.tensors[i];
        if (strcmp(last_part(t->name), last_part(missing)) != 0 || !choose_shape_fits(p, t)) continue;
        if (same) return false;
        same = t;
    }
    if (!same) return false;
    b->explained[index_of(b, same)] = true;
    const char *key = tensor_name_quoted(b->arena, same->name), *name = last_part(missing);
    if (!is_layer(p))
        diag_hint(d, "%s has that very shape; if it is the same (tied weights): from %s", key, key);
    else if (is_left_over(b, g))
        diag_hint(d, "%s has that very shape: give each tensor its key, from (weight=%s, bias=%s)", key,
                  tensor_name_quoted(b->arena, describe_join(b->arena, g->prefix, "weight")), key);
    else
        diag_hint(d, "%s has that very shape; if it is the same (tied weights), add from (%s=%s) to the layer", key,
                  name, key);
    return true;
}

static void hint_layer(binder *b, diag *d, const group *g, const faults *f) {
    const char *missing = NULL;
    for (size_t i = 0; i < g->count && !missing; i++)
        if (!tensor_find(&b->view->dict, g->params[i].key)) missing = g->params[i].key;
    if (missing && is_left_over(b, g) && hint_tied(b, d, g, missing)) return;
    if (f->missing == g->count && hint_other_prefix(b, d, g)) return;
    if (f->missing + f->wrong_shape) {
        description found = describe_layer(b->arena, &b->view->dict, g->prefix, g->params[0].wanted_by);
        if (found.layer) {
            diag_hint(d, "%s in %s are those of %s", tensors_under(b, g->prefix), b->view->place, found.layer);
            return;
        }
    }
    if (f->transposed)
        diag_hint(d, "it is transposed there (Keras keeps it so): PyTorch's %s is %s", last_part(f->transposed->key),
                  ir_shape_string(b->arena, &f->transposed->type));
    if (f->unread)
        diag_hint(d, "%s", f->unread->mend ? f->unread->mend : "save it as float32: " TENSOR_SAVED_BY("float"));
    if (missing && hint_habit(b, d, g, missing)) return;
    const char *half = missing ? weight_norm_half(b->arena, &b->view->dict, missing) : NULL;
    if (half) {
        diag_hint(d, "%s", half);
        return;
    }
    if (missing && hint_tied(b, d, g, missing)) return;
    if (missing) hint_nearest(b, d, missing);
}

/* --- one layer ---------------------------------------------------------------------------------------------------- */

static void report_group(binder *b, const group *g, const faults *f) {
    size_t count = fault_count(f);
    const ir_param *first = &g->params[0];
    diag *d;
    if (count == 1) {
        d = diag_error(b->diags, first->where, "%s: %s", first->wanted_by, text_string(&f->notes[0]));
    } else if (f->missing == g->count) {
        d = diag_error(b->diags, first->where, "%s: none of its %zu tensors is in %s", first->wanted_by, count,
                       b->view->place);
    } else {
        d = diag_error(b->diags, first->where, "%s: %zu of its %zu tensors do not fit %s", first->wanted_by, count,
                       g->count, b->view->place);
    }
    for (size_t i = 0; i < count && i < MOST_NOTES && count > 1; i++)
        diag_note_plain(d, "%s", text_string(&f->notes[i]));
    if (count > MOST_NOTES) diag_note_plain(d, "and %zu more", count - MOST_NOTES);
    if (b->hinted++ < MOST_HINTED) hint_layer(b, d, g, f);
}

static void bind_group(binder *b, const group *g) {
    faults f = {0};
    for (size_t i = 0; i < g->count; i++) bind_param(b, &g->params[i], &f);
    if (fault_count(&f)) {
        report_group(b, g, &f);
        return;
    }
    description found = describe_layer(b->arena, &b->view->dict, g->prefix, g->params[0].wanted_by);
    if (found.tensors <= g->count) return;
    richer more = {g->prefix, found.layer, g->params[0].wanted_by};
    ARENA_PUSH(b->arena, b->richers, b->richer_count, b->richer_capacity, more);
}

/* Before anything is reported, so that hints name only what is not taken. */
static void mark_used(binder *b, const ir_model *m) {
    for (size_t i = 0; i < m->param_count; i++) {
        const tensor *t = tensor_find(&b->view->dict, m->params[i].key);
        if (t) b->used[index_of(b, t)] = true;
    }
}

static void bind_model(binder *b, ir_model *m) {
    for (size_t begin = 0, end; begin < m->param_count; begin = end) {
        const ir_param *first = &m->params[begin];
        const char *prefix = prefix_of(b->arena, first->key);
        for (end = begin + 1; end < m->param_count; end++) {
            const ir_param *p = &m->params[end];
            if (strcmp(p->wanted_by, first->wanted_by) != 0 || p->where.begin != first->where.begin) break;
            if (strcmp(prefix_of(b->arena, p->key), prefix) != 0) break;
        }
        bind_group(b, &(group){&m->params[begin], end - begin, prefix});
    }
}

static void report_denormal(const binder *b) {
    if (b->denormal_tensors > MOST_DENORMAL)
        diag_warning_file(b->diags, WARNING_DENORMAL_WEIGHTS, b->view->place,
                          "%zu more of its tensors have such elements", b->denormal_tensors - MOST_DENORMAL);
}

/* --- what nothing uses -------------------------------------------------------------------------------------------- */

/* Training step counters, of BatchNorm in every PyTorch file that has one, and of AveragedModel. */
static bool is_counter(const char *name) {
    return strcmp(last_part(name), "num_batches_tracked") == 0 || strcmp(name, "n_averaged") == 0;
}

/* Half of a weight that weight_norm keeps as two: the whole is told of. */
static bool is_part(const binder *b, const tensor *t) {
    const char *whole = weight_norm_whole(b->arena, t->name);
    const tensor *w = whole ? tensor_find(&b->view->dict, whole) : NULL;
    return w && w->g;
}

static void report_unused(binder *b) {
    size_t unused = 0;
    for (size_t i = 0; i < b->view->dict.count; i++) {
        const tensor *t = &b->view->dict.tensors[i];
        if (b->used[i] || b->explained[i] || is_part(b, t) || is_counter(t->name)) continue;
        if (unused++ >= MOST_UNUSED) continue;
        diag *d = diag_warning_file(b->diags, WARNING_UNUSED_TENSOR, b->view->place, "nothing uses the tensor %s %s %s",
                                    tensor_name_quoted(b->arena, t->name), t->dtype_name,
                                    tensor_shape_string(b->arena, t->shape, t->rank));
        for (size_t k = 0; k < b->richer_count; k++) {
            richer *more = &b->richers[k];
            if (!more->layer || !is_under(t->name, more->prefix)) continue;
            diag_hint(d, "%s are those of %s, but the model has %s", tensors_under(b, more->prefix), more->layer,
                      more->wanted_by);
            more->layer = NULL; /* said */
            break;
        }
    }
    if (unused > MOST_UNUSED)
        diag_warning_file(b->diags, WARNING_UNUSED_TENSOR, b->view->place, "nothing uses %zu more of its tensors",
                          unused - MOST_UNUSED);
}

/* --- loading ------------------------------------------------------------------------------------------------------ */

typedef struct {
    arena *arena;
    tensor_request *items;
    size_t count, capacity;
} request_list;

/* Asks for what the model needs and the view has. */
static void request(binder *b, const ir_model *m, request_list *to) {
    for (size_t i = 0; i < m->param_count; i++) {
        const tensor *t = tensor_find(&b->view->dict, m->params[i].key);
        if (!t || t->dtype == TENSOR_OTHER || !choose_shape_fits(&m->params[i], t)) continue;
        size_t at = index_of(b, t);
        if (b->requests[at] || b->elements[at]) continue;
        b->elements[at] = tensor_in_place(t);
        if (b->elements[at]) continue;
        tensor_request r = {.tensor = t};
        ARENA_PUSH(to->arena, to->items, to->count, to->capacity, r);
        b->requests[at] = to->count;
    }
}

static void take_answers(binder *b, const request_list *from) {
    for (size_t i = 0; i < b->view->dict.count; i++) {
        if (!b->requests[i]) continue;
        const tensor_request *r = &from->items[b->requests[i] - 1];
        b->elements[i] = r->to;
        b->problems[i] = r->problem;
    }
}

/* --- all models of a file ----------------------------------------------------------------------------------------- */

/* That of the view, a new one if none of those there are is. */
static binder *binder_of(arena *a, binder **all, size_t *count, const tensor_view *v, diag_list *diags) {
    for (size_t i = 0; i < *count; i++)
        if (all[i]->view == v) return all[i];
    binder *b = all[(*count)++] = ARENA_NEW(a, binder);
    *b = (binder){.arena = a, .view = v, .diags = diags};
    b->requests = ARENA_ARRAY(a, size_t, v->dict.count);
    b->used = ARENA_ARRAY(a, bool, v->dict.count);
    b->explained = ARENA_ARRAY(a, bool, v->dict.count);
    b->cleaned = ARENA_ARRAY(a, bool, v->dict.count);
    b->elements = ARENA_ARRAY(a, const float *, v->dict.count);
    b->problems = ARENA_ARRAY(a, const char *, v->dict.count);
    return b;
}

void bind_weights(ir_model *const *models, size_t count, const tensor_file *file, const char *key, diag_list *diags,
                  span where) {
    if (!count) return;
    arena *a = models[0]->arena;
    chooser c = {.arena = a, .file = file, .key = key, .diags = diags, .where = where};
    binder **binders = ARENA_ARRAY(a, binder *, count), **of_model = ARENA_ARRAY(a, binder *, count);
    size_t binder_count = 0;
    request_list requests = {.arena = a};
    for (size_t i = 0; i < count; i++) {
        const tensor_view *v = choose_view(&c, models[i]);
        if (!v) continue;
        of_model[i] = binder_of(a, binders, &binder_count, v, diags);
        mark_used(of_model[i], models[i]);
        request(of_model[i], models[i], &requests);
    }
    tensors_load(a, file, requests.items, requests.count);
    for (size_t i = 0; i < binder_count; i++) take_answers(binders[i], &requests);
    for (size_t i = 0; i < count; i++)
        if (of_model[i]) bind_model(of_model[i], models[i]);
    for (size_t i = 0; i < binder_count; i++) report_denormal(binders[i]);
    for (size_t i = 0; i < binder_count; i++) report_unused(binders[i]);
}
