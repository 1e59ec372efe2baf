/* hash: uthash with its tables in an arena. A function that adds to a table has an `arena *hash_arena` in scope;
 * nothing is given back singly. Entries do not move, and uthash keeps the order in which they came. */
#ifndef NNC_SUPPORT_HASH_H
#define NNC_SUPPORT_HASH_H

#include "support/arena.h"

#define uthash_malloc(bytes)      arena_alloc(hash_arena, (bytes))
#define uthash_free(block, bytes) ((void)(block), (void)(bytes))
#include <uthash.h>

#endif
