/* reserved: names that a file of C cannot give to things of its own. */
#ifndef NNC_CTREE_RESERVED_H
#define NNC_CTREE_RESERVED_H

#include <stdbool.h>

#include "support/arena.h"

bool c_is_reserved(const char *name); /* taken by C, C++, common macros or the interface */
/* A type's name must not be a function's either, nor that of a function's float or long double form. */
bool c_is_reserved_type(arena *a, const char *name);
/* The standard header with a function of this name that generated code does not call; else NULL. A type can have
 * another C name and a macro of this one, behind the function's declaration. */
const char *c_function_header(const char *name);
bool c_is_limit(const char *macro); /* of a dim: with _MIN or _MAX behind it a header has it */

#endif
