/* scope: a hash map from names to things, in an arena. Nothing is ever removed: a model's scope only grows. */
#include "lower/lowering.h"

scope *scope_new(arena *a) {
    scope *n = ARENA_NEW(a, scope);
    n->arena = a;
    return n;
}

static size_t hash_of(const char *s) {
    size_t hash = 5381;
    for (; *s; s++) hash = hash * 33 ^ (unsigned char)*s;
    return hash ^ hash >> 11;
}

/* The slot of the name, or the free one where it belongs. There is always a free one. */
static size_t *slot_of(const scope *n, const char *name) {
    size_t mask = n->slot_count - 1;
    size_t i = hash_of(name) & mask;
    while (n->slots[i] && strcmp(n->items[n->slots[i] - 1].name, name) != 0) i = (i + 1) & mask;
    return &n->slots[i];
}

static void grow(scope *n) {
    n->slot_count = n->slot_count ? 2 * n->slot_count : 32;
    n->slots = ARENA_ARRAY(n->arena, size_t, n->slot_count);
    for (size_t i = 0; i < n->count; i++) *slot_of(n, n->items[i].name) = i + 1;
}

void *scope_find(const scope *n, const char *name) {
    if (!n->slot_count) return NULL;
    size_t at = *slot_of(n, name);
    return at ? n->items[at - 1].thing : NULL;
}

void scope_set(scope *n, const char *name, void *thing) {
    if (2 * (n->count + 1) > n->slot_count) grow(n);
    size_t *slot = slot_of(n, name);
    if (*slot) {
        n->items[*slot - 1].thing = thing;
        return;
    }
    scope_slot item = {name, thing};
    ARENA_PUSH(n->arena, n->items, n->count, n->capacity, item);
    *slot = n->count;
}

const char *scope_nearest(const scope *n, const char *word) {
    /* Each unknown name looks at all others, so a file that is all mistakes must not have too many of them. */
    enum { ENOUGH = 512 };
    size_t count = n->count < ENOUGH ? n->count : ENOUGH;
    const char *candidates[ENOUGH];
    for (size_t i = 0; i < count; i++) candidates[i] = n->items[n->count - count + i].name;
    return diag_nearest(word, candidates, count);
}
