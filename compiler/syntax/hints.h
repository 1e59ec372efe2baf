/* hints: words of PyTorch, Keras and Python that the language has not, and what is written instead. */
#ifndef NNC_SYNTAX_HINTS_H
#define NNC_SYNTAX_HINTS_H

#include "support/arena.h"

/* What to write instead of a function, method, attribute or layer, as the user wrote it ("nn.ReLU", "x.detach"): the
 * last part counts. NULL when nothing is known of it. Only for names that are no function and no layer. */
const char *hint_for(const char *name);
/* The same of a keyword argument. */
const char *hint_for_argument(const char *name);
/* Every name that hint_for knows, in the arena. */
const char *const *hint_names(arena *a, size_t *count);

#endif
