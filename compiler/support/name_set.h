/* name_set: a set of names that hands out new ones, for things that must not be called alike. Lives in an arena. */
#ifndef NNC_SUPPORT_NAME_SET_H
#define NNC_SUPPORT_NAME_SET_H

#include <stdbool.h>

#include "support/arena.h"

typedef struct name_set name_set;

name_set *name_set_new(arena *a);
bool name_set_has(const name_set *n, const char *name);
void name_set_take(name_set *n, const char *name); /* the text is copied; taking a name twice is one taking */
void name_set_mark(const name_set *n, const char *name); /* if it was taken */
bool name_set_is_marked(const name_set *n, const char *name);
/* `wanted` if it is free, else wanted_2, wanted_3 …; takes it. In constant time however many are called alike. */
const char *name_set_give(name_set *n, const char *wanted);
/* A place that belongs to a name, NULL at first, and stays where it is; takes the name. */
void **name_set_value(name_set *n, const char *name);

#endif
