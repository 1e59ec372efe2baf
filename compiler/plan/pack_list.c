/* pack_list: the list. Packs that are made of the same params in the same way are one. */
#include "plan/pack_list.h"

enum { LINE = 16 }; /* floats: a pack begins with a line of the cache */

bool pack_norm_lives(const pack_norm *n) {
    return pack_param_lives(n->mean) || pack_param_lives(n->variance) || pack_param_lives(n->weight) ||
           pack_param_lives(n->bias);
}

static bool same_biases(const pack *a, const pack *b) {
    if (a->bias != b->bias || a->second_bias != b->second_bias || a->bias_from != b->bias_from) return false;
    for (unsigned g = 0; g < a->gates; g++)
        if (a->first_bias_only[g] != b->first_bias_only[g]) return false;
    return true;
}

/* Params first: most packs of a list differ in them. */
static bool same(const listed_pack *a, const pack *b, pack_part part) {
    const pack *p = a->matrix;
    if (!p || a->part != part || p->apart != b->apart || p->tail != b->tail) return false;
    bool biases = part == PACK_BIASES || !p->apart, matrix = part != PACK_BIASES;
    return (!matrix || p->weight == b->weight) && (!biases || same_biases(p, b)) && pack_same_order(p, b);
}

static bool same_norm(const listed_pack *a, const pack_norm *b) {
    const pack_norm *n = &a->norm;
    return !a->matrix && n->mean == b->mean && n->variance == b->variance && n->weight == b->weight &&
           n->bias == b->bias && !(n->eps < b->eps) && !(n->eps > b->eps);
}

static const listed_pack *find(const pack_list *all, const pack *p, pack_part part) {
    for (size_t i = 0; i < all->count; i++)
        if (same(&all->items[i], p, part)) return &all->items[i];
    return NULL;
}

static const listed_pack *find_norm(const pack_list *all, const pack_norm *n) {
    for (size_t i = 0; i < all->count; i++)
        if (same_norm(&all->items[i], n)) return &all->items[i];
    return NULL;
}

static const param_place *place_of(const pack_list *all, const ir_param *p) {
    return &all->params->of[p - all->model->params];
}

static pack_place in_parameters(const param_place *p) { return (pack_place){PACK_IN_PARAMETERS, p->offset}; }

/* Biases that are one param lie as a kernel reads them, where there is one group of columns. */
static bool are_plain(const pack *p) { return p->gates == 1 && p->matrices == 1 && p->bias && !p->second_bias; }

pack_place pack_list_place(const pack_list *all, const pack *p, pack_part part) {
    bool apart = p->apart, biases = part == PACK_BIASES;
    bool in_struct = !apart   ? pack_lives(p)
                     : biases ? pack_param_lives(p->bias) || pack_param_lives(p->second_bias)
                              : pack_param_lives(p->weight);
    if (!in_struct) return (pack_place){PACK_IN_TABLE, 0};
    if (apart && biases && are_plain(p)) return in_parameters(place_of(all, p->bias));
    if (apart && !biases) {
        const param_place *place = place_of(all, p->weight);
        if (place->packed && !pack_same_order(place->packed, p)) ice("%s is packed in another order", p->weight->key);
        if (place->packed || pack_is_row_major(p)) return in_parameters(place);
    }
    const listed_pack *listed = find(all, p, part);
    return (pack_place){PACK_IN_PACKS, listed ? listed->offset : -1};
}

static void add(arena *a, pack_list *all, listed_pack new, int64_t floats) {
    new.offset = all->floats;
    all->floats += (floats + LINE - 1) / LINE * LINE;
    ARENA_PUSH(a, all->items, all->count, all->capacity, new);
}

void pack_list_add(arena *a, pack_list *all, const pack *p) {
    static const pack_part parts[] = {PACK_FLOATS, PACK_BIASES};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int64_t floats = pack_elements(p, parts[i]);
        if (!floats) continue;
        pack_place place = pack_list_place(all, p, parts[i]);
        if (place.home == PACK_IN_PACKS && place.offset < 0)
            add(a, all, (listed_pack){.matrix = p, .part = parts[i]}, floats);
    }
}

void pack_list_add_norm(arena *a, pack_list *all, const pack_norm *n) {
    if (!find_norm(all, n)) add(a, all, (listed_pack){.norm = *n}, 2 * n->channels);
}

int64_t pack_list_find_norm(const pack_list *all, const pack_norm *n) {
    const listed_pack *listed = find_norm(all, n);
    if (!listed) ice("a norm that is not in the list");
    return listed->offset;
}
