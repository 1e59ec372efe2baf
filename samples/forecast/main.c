/* forecast: the level of the tide in the hours to come.
 *
 *     forecast levels.txt        a level in metres for each of the last 24 to 96 hours, a number a line
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "forecast.h"

enum { HOURS = 24 };

/* How many levels there are; 0 for a file that cannot be read, or does not hold levels. */
static size_t read_levels(const char *path, float levels[FORECAST_T_MAX]) {
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    size_t count = 0;
    char line[64];
    while (fgets(line, sizeof line, file) && count <= FORECAST_T_MAX) {
        char *end;
        const float level = strtof(line, &end);
        if (end == line || count == FORECAST_T_MAX || !isfinite(level)) {
            count = 0;
            break;
        }
        levels[count++] = level;
    }
    fclose(file);
    return count;
}

int main(int argc, char **argv) {
    static float past[FORECAST_T_MAX], ahead[HOURS];
    static forecast model;
    if (argc != 2) {
        fprintf(stderr, "usage: forecast LEVELS\n");
        return 1;
    }
    const size_t count = read_levels(argv[1], past);
    if (count < FORECAST_T_MIN) {
        fprintf(stderr, "forecast: %s does not hold the levels of %d to %d hours\n", argv[1], FORECAST_T_MIN,
                FORECAST_T_MAX);
        return 1;
    }
    forecast_reset(&model);
    const nnc_status status = forecast_run(&model, count, HOURS, past, ahead);
    if (status != NNC_OK) {
        fprintf(stderr, "forecast: %s\n", nnc_status_string(status));
        return 1;
    }
    for (int hour = 0; hour < HOURS; hour++) {
        printf("in %2d h: %4.1f m ", hour + 1, (double)ahead[hour]);
        for (long i = lround(((double)ahead[hour] + 2.2) * 10); i > 0; i--) putchar('=');
        putchar('\n');
    }
    return 0;
}
