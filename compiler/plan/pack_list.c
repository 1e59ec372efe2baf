/* pack_list: the list. Packs that are made of the same params in the same way are one. */
#include "plan/pack_list.h"

enum { LINE = 16 }; /* floats: a pack begins with a line of the cache */

static bool lives(const ir_param *p) { return p && ir_param_lives(p); }

bool pack_lives(const pack *p) { return lives(p->weight) || lives(p->bias) || lives(p->second_bias); }

bool pack_norm_lives(const pack_norm *n) {
    return lives(n->mean) || lives(n->variance) || lives(n->weight) || lives(n->bias);
}

static bool same_groups(const pack *a, const pack *b) {
    for (unsigned g = 0; g < a->gates; g++)
        if (a->gate[g] != b->gate[g] || a->scale[g] < b->scale[g] || a->scale[g] > b->scale[g] ||
            a->first_bias_only[g] != b->first_bias_only[g])
            return false;
    return true;
}

static bool same(const pack *a, const pack *b) {
    return a && b && a->weight == b->weight && a->bias == b->bias && a->second_bias == b->second_bias &&
           a->units == b->units && a->terms == b->terms && a->panel == b->panel && a->matrices == b->matrices &&
           a->gates == b->gates && a->bias_from == b->bias_from && a->padding == b->padding && a->tail == b->tail &&
           same_groups(a, b);
}

static bool same_norm(const listed_pack *a, const pack_norm *b) {
    const pack_norm *n = &a->norm;
    return !a->matrix && n->mean == b->mean && n->variance == b->variance && n->weight == b->weight &&
           n->bias == b->bias && !(n->eps < b->eps) && !(n->eps > b->eps);
}

static int64_t add(arena *a, pack_list *all, listed_pack new, int64_t floats) {
    new.offset = all->floats;
    all->floats += (floats + LINE - 1) / LINE * LINE;
    ARENA_PUSH(a, all->items, all->count, all->capacity, new);
    return new.offset;
}

int64_t pack_list_add(arena *a, pack_list *all, const pack *p) {
    for (size_t i = 0; i < all->count; i++)
        if (same(all->items[i].matrix, p)) return all->items[i].offset;
    return add(a, all, (listed_pack){.matrix = p}, pack_elements(p, PACK_FLOATS));
}

int64_t pack_list_add_norm(arena *a, pack_list *all, const pack_norm *n) {
    for (size_t i = 0; i < all->count; i++)
        if (same_norm(&all->items[i], n)) return all->items[i].offset;
    return add(a, all, (listed_pack){.norm = *n}, 2 * n->channels);
}

int64_t pack_list_find(const pack_list *all, const pack *p) {
    for (size_t i = 0; i < all->count; i++)
        if (same(all->items[i].matrix, p)) return all->items[i].offset;
    ice("a pack that is not in the list");
}

int64_t pack_list_find_norm(const pack_list *all, const pack_norm *n) {
    for (size_t i = 0; i < all->count; i++)
        if (same_norm(&all->items[i], n)) return all->items[i].offset;
    ice("a norm that is not in the list");
}
