/* words: the words of the language, as its lexer and its layout know them; for editors. */
#ifndef NNC_SYNTAX_WORDS_H
#define NNC_SYNTAX_WORDS_H

#include "support/arena.h"

/* Those that begin a statement: model, layer … */
const char *const *syntax_statement_words(arena *a, size_t *count);
/* Those that stand further on in one, outside of brackets: from, in … */
const char *const *syntax_tail_words(arena *a, size_t *count);
/* True, none, inf …; NULL behind the last one. */
const char *syntax_constant(size_t i);

#endif
