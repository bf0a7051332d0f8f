#include <string.h>
static char text[32] = "a text of some length";
int main(int argc, char **argv)
{
    (void)argv;
    memcpy(text + argc, text, 20);
    return 0;
}
