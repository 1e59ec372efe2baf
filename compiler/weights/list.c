/* list: see list.h.
 *
 *     weights "model.ckpt" prefix "model."    # a PyTorch file (torch.save, zip): 7 tensors, …
 *     layer lstm = LSTM(6, 6)
 *     #   model.lstm.weight_ih_l0  F32 [24, 6]
 */
#include "weights/list.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "weights/choose.h"
#include "weights/describe.h"
#include "weights/weight_norm.h"

enum { MOST_LAYERS = 4, WIDEST_NAME = 48 };

typedef struct {
    arena *arena;
    text *to;
    tensor_dict dict;   /* under the names that a .nn file has */
    const char *prefix; /* of all of its tensors, or "" */
    int width;          /* of the names' column */
    bool dotted;        /* the file's own names have slashes */
} list;

/* --- words and strings of a .nn file ---------------------------------------------------------- */

static bool is_word_char(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* A name of a layer: words with dots between them, of which only the first must not begin with a
 * digit. */
static bool is_layer_name(const char *s) {
    if (!isalpha((unsigned char)*s) && *s != '_') return false;
    for (const char *c = s; *c; c++)
        if (!is_word_char(*c) && (*c != '.' || !is_word_char(c[1]))) return false;
    return true;
}

/* A name that is like the key. */
static const char *name_of(arena *a, const char *key) {
    bool digit = isdigit((unsigned char)*key);
    char *name = arena_printf(a, "%s%s", digit ? "layer_" : "", *key ? key : "net");
    for (char *c = name; *c; c++)
        if (!is_word_char(*c)) *c = '_';
    return name;
}

/* Can it stand in a string as it is? */
static bool is_plain(const char *s) {
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == '"' || *s == '\\' || *s == 0x7F) return false;
    return true;
}

/* --- tensors ---------------------------------------------------------------------------------- */

static const char *last_part(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

static const char *layer_of(arena *a, const char *name) {
    const char *last = last_part(name);
    return last == name ? "" : arena_strndup(a, name, (size_t)(last - name) - 1);
}

/* The weight that this tensor is a half of, if there is one; then the layer is that of the weight.
 */
static const char *whole_of(const list *l, const tensor *t) {
    const char *whole = weight_norm_whole(l->arena, t->name);
    const tensor *w = whole ? tensor_find(&l->dict, whole) : NULL;
    return w && w->g ? whole : NULL;
}

static const char *key_shown(const list *l, const tensor *t) {
    const char *key = arena_printf(l->arena, "%s%s", l->prefix, t->name);
    return is_plain(key) ? key : tensor_name_quoted(l->arena, key);
}

static void list_tensor(const list *l, const tensor *t) {
    const char *whole = whole_of(l, t);
    text_printf(l->to, "#   %-*s  %s %s", l->width, key_shown(l, t), t->dtype_name,
                tensor_shape_string(l->arena, t->shape, t->rank));
    if (whole) text_printf(l->to, ", a part of %s (weight_norm)", last_part(whole));
    else if (t->g) text_add(l->to, ", out of its parts (weight_norm)");
    text_add(l->to, "\n");
}

static void list_param(const list *l, const tensor *t) {
    bool writable = t->dtype != TENSOR_OTHER && is_plain(t->name);
    if (writable)
        text_printf(l->to, "param %s: float32%s from \"%s\"\n", name_of(l->arena, t->name),
                    tensor_shape_string(l->arena, t->shape, t->rank), t->name);
    list_tensor(l, t);
}

/* --- layers ----------------------------------------------------------------------------------- */

static bool contains(const char *s, const char *word) {
    size_t length = strlen(word);
    for (; *s; s++)
        if (strncasecmp(s, word, length) == 0) return true;
    return false;
}

/* An embedding's table and a matrix without a bias have the same tensors: the name tells. */
static void put_likeliest_first(const char *prefix, description *found, size_t count) {
    for (size_t i = 1; i < count; i++) {
        if (strncmp(found[i].layer, "Embedding(", 10) != 0) continue;
        if (!contains(prefix, "emb") && !contains(prefix, "wte") && !contains(prefix, "lookup"))
            continue;
        description first = found[0];
        found[0] = found[i];
        found[i] = first;
    }
}

static void list_layer(const list *l, const char *prefix, description *found, size_t count) {
    put_likeliest_first(prefix, found, count);
    bool named = is_layer_name(prefix);
    text_printf(l->to, "layer %s = %s", named ? prefix : name_of(l->arena, prefix), found[0].layer);
    if (!named) text_printf(l->to, " from \"%s\"", prefix);
    for (size_t i = 1; i < count; i++)
        text_printf(l->to, "%s%s", i == 1 ? "    # or " : ", ", found[i].layer);
    text_add(l->to, "\n");
}

static const char *prefix_of(const list *l, const tensor *t) {
    const char *whole = whole_of(l, t);
    return layer_of(l->arena, whole ? whole : t->name);
}

/* In the file's order; a weight before its parts. */
static int by_place(const void *a, const void *b) {
    const tensor *x = *(const tensor *const *)a, *y = *(const tensor *const *)b;
    if (x->place != y->place) return x->place < y->place ? -1 : 1;
    return (x->g == NULL) - (y->g == NULL);
}

/* The tensors of a prefix, among which may stand those of deeper ones. */
static const tensor **group_of(const list *l, const char *prefix, size_t *count) {
    const char *start = *prefix ? arena_printf(l->arena, "%s.", prefix) : "";
    size_t length = strlen(start), low = 0, high = l->dict.count, room = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strncmp(l->dict.tensors[middle].name, start, length) < 0) low = middle + 1;
        else high = middle;
    }
    const tensor **group = NULL;
    *count = 0;
    for (; low < l->dict.count && strncmp(l->dict.tensors[low].name, start, length) == 0; low++)
        if (strcmp(prefix_of(l, &l->dict.tensors[low]), prefix) == 0)
            ARENA_PUSH(l->arena, group, *count, room, &l->dict.tensors[low]);
    qsort(group, *count, sizeof *group, by_place);
    return group;
}

static void list_group(const list *l, const char *prefix, bool *listed) {
    description found[MOST_LAYERS];
    size_t layers =
               is_plain(prefix) ? describe_all(l->arena, &l->dict, prefix, found, MOST_LAYERS) : 0,
           count;
    const tensor **group = group_of(l, prefix, &count);
    if (layers) list_layer(l, prefix, found, layers);
    for (size_t i = 0; i < count; i++) {
        const tensor *t = group[i];
        const char *whole = whole_of(l, t), *last = last_part(whole ? whole : t->name);
        listed[t - l->dict.tensors] = true;
        if (layers ? describe_is_of_layer(last, found[0].layer) : whole != NULL) list_tensor(l, t);
        else list_param(l, t);
    }
}

static void list_groups(const list *l) {
    bool *listed = ARENA_ARRAY(l->arena, bool, l->dict.count);
    const tensor **all = ARENA_ARRAY(l->arena, const tensor *, l->dict.count);
    for (size_t i = 0; i < l->dict.count; i++) all[i] = &l->dict.tensors[i];
    if (l->dict.count) qsort(all, l->dict.count, sizeof *all, by_place);
    for (size_t i = 0; i < l->dict.count; i++)
        if (!listed[all[i] - l->dict.tensors]) list_group(l, prefix_of(l, all[i]), listed);
}

/* --- dicts ------------------------------------------------------------------------------------ */

/* "model." when all names begin with it, and something like a layer's name follows. */
static const char *common_prefix(arena *a, const tensor_dict *d) {
    const char *dot = d->count ? strchr(d->tensors[0].name, '.') : NULL;
    if (!dot) return "";
    size_t length = (size_t)(dot + 1 - d->tensors[0].name);
    for (size_t i = 0; i < d->count; i++) {
        const char *name = d->tensors[i].name;
        if (strncmp(name, d->tensors[0].name, length) != 0 || !strchr(name + length, '.'))
            return "";
    }
    return arena_strndup(a, d->tensors[0].name, length);
}

static list list_of(arena *a, text *to, const tensor_dict *d) {
    list l = {.arena = a, .to = to};
    l.dict = choose_spelled(a, d, &l.dotted);
    l.prefix = common_prefix(a, &l.dict);
    tensor *tensors = ARENA_ARRAY(a, tensor, l.dict.count);
    for (size_t i = 0; i < l.dict.count; i++) {
        tensors[i] = l.dict.tensors[i];
        int width = (int)strlen(key_shown(&l, &tensors[i]));
        tensors[i].name += strlen(l.prefix);
        if (width > l.width && width <= WIDEST_NAME) l.width = width;
    }
    l.dict.tensors = tensors;
    return l;
}

static void list_dict(arena *a, const tensor_file *f, const tensor_dict *d, text *to) {
    list l = list_of(a, to, d);
    const char *slash = strrchr(f->path, '/'), *name = slash ? slash + 1 : f->path;
    uint64_t elements = 0;
    size_t count = 0;
    for (size_t i = 0; i < l.dict.count; i++) {
        const tensor *t = &l.dict.tensors[i];
        count += !t->g;
        if (!t->g && t->dtype != TENSOR_OTHER) elements += t->elements;
    }
    text_printf(to, "weights \"%s\"", is_plain(name) ? name : "");
    if (*l.prefix && is_plain(l.prefix)) text_printf(to, " prefix \"%s\"", l.prefix);
    text_printf(to, "    # %s", f->format);
    if (*d->key) text_printf(to, ", dict %s", tensor_name_quoted(a, d->key));
    text_printf(to, ": %zu tensor%s, %" PRIu64 " elements\n", count, count == 1 ? "" : "s",
                elements);
    if (*d->key && f->dict_count > 1)
        text_printf(to, "# --weights-key %s chooses it\n", tensor_name_quoted(a, d->key));
    if (l.dotted) text_add(to, "# in the file with slashes for dots\n");
    list_groups(&l);
}

static bool report_no_dict(arena *a, const tensor_file *f, const char *key, diag_list *diags) {
    diag *d = diag_error_file(diags, f->path, "it holds no dict %s", tensor_name_quoted(a, key));
    text all = text_new(a);
    for (size_t i = 0; i < f->dict_count; i++)
        text_printf(&all, "%s%s", i ? ", " : "", tensor_name_quoted(a, f->dicts[i].key));
    diag_hint(d, "it holds %s", text_string(&all));
    return false;
}

bool list_weights(arena *a, const tensor_file *f, const char *key, diag_list *diags, text *to) {
    bool any = false;
    for (size_t i = 0; i < f->dict_count; i++) {
        if (key && strcmp(f->dicts[i].key, key) != 0) continue;
        if (any) text_add(to, "\n");
        list_dict(a, f, &f->dicts[i], to);
        any = true;
    }
    return any || report_no_dict(a, f, key, diags);
}
