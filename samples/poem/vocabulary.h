/* vocabulary: the characters that the poem's model knows, by number. Written by train.py. */
#ifndef VOCABULARY_H
#define VOCABULARY_H

#define VOCABULARY_SIZE 41
#define VOCABULARY_END 0 /* the end of the poem, not a character */

static const char vocabulary[VOCABULARY_SIZE] = {
    '\0', '\n', ' ', '\'', ',', '.', ':', ';', '?', 'A', 'B', 'I',
    'M', 'N', 'R', 'S', 'T', 'W', 'a', 'b', 'c', 'd', 'e', 'f',
    'g', 'h', 'i', 'k', 'l', 'm', 'n', 'o', 'p', 'r', 's', 't',
    'u', 'v', 'w', 'x', 'y',
};

#endif
