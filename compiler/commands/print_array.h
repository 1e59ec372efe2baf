/* print_array: a tensor as text, as NumPy shows it: brackets, a row a line, columns one below the
 * other. */
#ifndef NNC_COMMANDS_PRINT_ARRAY_H
#define NNC_COMMANDS_PRINT_ARRAY_H

#include "support/text.h"
#include <stdbool.h>
#include <stdint.h>

/* Floats with as many digits as tell them from their neighbours. Of more than 200 elements, three
 * at each end of every axis of more than six. */
void print_array(text *to, bool integers, const int64_t *sizes, unsigned rank,
                 const double *numbers);

#endif
