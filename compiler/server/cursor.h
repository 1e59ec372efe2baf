/* cursor: where a place in an unfinished text is, by its characters alone. */
#ifndef NNC_SERVER_CURSOR_H
#define NNC_SERVER_CURSOR_H

#include <stdbool.h>

#include "support/source.h"

typedef struct {
    bool in_comment, in_string;
    size_t string;      /* where the string's text begins */
    char bracket;       /* the innermost open one, ( or [; 0: none */
    const char *callee; /* the name before it; "" */
    size_t opened;      /* behind the bracket */
    size_t statement;   /* where the statement begins */
    size_t word;        /* where the word before the place begins */
    char before; /* the character before that word, blanks left out; 0 at the statement's begin */
} cursor;

cursor cursor_at(arena *a, const source *s, size_t offset);
/* The statement's n-th word, "" where there is none so far. */
const char *cursor_word(arena *a, const source *s, const cursor *c, size_t offset, unsigned n);

#endif
