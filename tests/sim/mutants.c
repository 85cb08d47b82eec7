/* SPDX-License-Identifier: Apache-2.0 */
/* mutants BUILD [PART-OF-A-NAME] - shows that the simulator finds bugs: puts each one of
 * tests/sim/mutants.h into a copy of its source, compiles that, links the simulator with it, and
 * lives through seeds until one fails. Compiler and linker come from the Makefile as SIM_COMPILE
 * and SIM_LINK.
 *
 * mutants --places only looks whether each one's line still stands in its source (TAP). */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/fault.h"
#include "common/file.h"
#include "tests/sim/mutants.h"

#define SOURCE_MAX (1 << 20)
#define SEEDS      "20000"
#define SECONDS    "240"

enum { FOUND, MISSED, BROKEN };

/* The source with the other text; NULL unless the old one stands there exactly once. */
static bytes_t *
mutate(const mutant_t *mutant)
{
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *source = file_read(mutant->file, SOURCE_MAX, &fault);
    if (!source) {
        printf("'%s': %s\n", mutant->name, fault.text);
        return NULL;
    }
    const char *text = bytes_text(source), *at = strstr(text, mutant->old);
    if (!at || strstr(at + 1, mutant->old)) {
        printf("'%s': its old text stands %s in %s: bring tests/sim/mutants.h up to date\n",
               mutant->name, at ? "more than once" : "nowhere", mutant->file);
        return NULL;
    }
    bytes_t *changed = bytes_new();
    bytes_add(changed, text, (size_t)(at - text));
    bytes_add_text(changed, mutant->new);
    bytes_add_text(changed, at + strlen(mutant->old));
    return changed;
}

static int
run(const char *format, ...)
{
    char command[16384];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* FOUND where a seed fails. */
static int
hunt(const char *build, size_t number, const mutant_t *mutant)
{
    char base[256], source[300];
    fault_t fault = {0};
    const char *compile = getenv("SIM_COMPILE"), *link = getenv("SIM_LINK");
    CLEANUP(bytes_destroy) bytes_t *changed = mutate(mutant);
    if (!changed || !compile || !link)
        return BROKEN;
    snprintf(base, sizeof base, "%s/tests/sim/mutant-%zu", build, number);
    snprintf(source, sizeof source, "%s.c", base);
    if (file_write(source, bytes_slice(changed), 0644, &fault)) {
        printf("%s\n", fault.text);
        return BROKEN;
    }
    if (run("%s -w -c %s -o %s.o && %s -o %s %s.o $SIM_OBJECTS", compile, source, base, link, base,
            base)) {
        printf("'%s' does not compile\n", mutant->name);
        return BROKEN;
    }
    int status =
        run("%s --seeds " SEEDS " --seconds " SECONDS " --jobs 1 --terse >%s.log 2>&1", base, base);
    run("printf '  %%-48s ' \"%s\"; grep -a -m1 '^seed' %s.log | cut -c1-110 || true", mutant->name,
        base);
    if (!status)
        printf("'%s' was not found\n", mutant->name);
    run("rm -f %s %s.c %s.o", base, base, base);
    return status ? FOUND : MISSED;
}

static int
check_places(void)
{
    size_t lost = 0;
    printf("1..1\n");
    for (size_t i = 0; i < ARRAY_SIZE(mutants); i++) {
        CLEANUP(bytes_destroy) bytes_t *changed = mutate(&mutants[i]);
        lost += !changed;
    }
    printf("%sok 1 - every mutant's line stands once in its source\n", lost ? "not " : "");
    return lost != 0;
}

int
main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "--places"))
        return check_places();
    size_t found = 0, hunted = 0;
    int jobs = (int)sysconf(_SC_NPROCESSORS_ONLN), running = 0, status;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < ARRAY_SIZE(mutants) || running;) {
        if (i < ARRAY_SIZE(mutants) && running < jobs) {
            if (argc < 3 || strstr(mutants[i].name, argv[2])) {
                hunted++;
                running++;
                if (!fork())
                    _exit(hunt(argv[1], i, &mutants[i]));
            }
            i++;
        } else if (wait(&status) > 0) {
            running--;
            found += WIFEXITED(status) && WEXITSTATUS(status) == FOUND;
        }
    }
    printf("mutants: %zu of %zu found\n", found, hunted);
    return found == hunted ? 0 : 1;
}
