/* diag_nearest: what was probably meant, by edit distance. */
#include <string.h>

#include "support/diag.h"

enum { LONGEST_WORD = 256, PART_OF_SLIPS = 4 }; /* longer ones are never mistyped names */

static unsigned char lower(char c) { return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); }

/* Insertions, deletions, changes and swaps of neighbours that turn a into b, upper and lower case being the same;
 * anything above limit when there are more than that. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length, size_t limit) {
    size_t rows[3][LONGEST_WORD + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b_length; j++) last[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t least = now[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t cost = last[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
            if (last[j] + 1 < cost) cost = last[j] + 1;
            if (now[j - 1] + 1 < cost) cost = now[j - 1] + 1;
            bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped && before[j - 2] + 1 < cost) cost = before[j - 2] + 1;
            now[j] = cost;
            if (cost < least) least = cost;
        }
        if (least > limit) return least;
        size_t *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[b_length];
}

const char *diag_nearest(const char *word, const char *const *candidates, size_t count) {
    size_t length = strlen(word), best_distance = 0;
    const char *best = NULL;
    if (length > LONGEST_WORD) return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(candidates[i]);
        if (other > LONGEST_WORD) continue;
        size_t longer = length > other ? length : other, shorter = length > other ? other : length;
        size_t limit = longer / 3; /* with more edits than that it is another word */
        if (best && best_distance < limit) limit = best_distance;
        if (longer - shorter > limit) continue;
        size_t found = distance(word, length, candidates[i], other, limit);
        if (found > limit || (best && found >= best_distance)) continue;
        best = candidates[i];
        best_distance = found;
    }
    return best;
}

bool diag_is_slip(const char *word, const char *of) {
    size_t length = strlen(word), other = strlen(of), limit = (length > other ? length : other) / PART_OF_SLIPS;
    return length <= LONGEST_WORD && other <= LONGEST_WORD && distance(word, length, of, other, limit) <= limit;
}
