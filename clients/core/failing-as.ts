import type { DescMessage } from "@bufbuild/protobuf";
import type { StreamResponse } from "@connectrpc/connect";

/** Opens a stream that fails with what `named` makes of its failure, whether it cannot be opened or breaks later. */
export async function failingAs<I extends DescMessage, O extends DescMessage>(
  open: () => Promise<StreamResponse<I, O>>,
  named: (error: unknown) => unknown,
): Promise<StreamResponse<I, O>> {
  async function* told<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
    try {
      yield* items;
    } catch (error) {
      throw named(error);
    }
  }
  try {
    const answer = await open();
    return { ...answer, message: told(answer.message) };
  } catch (error) {
    throw named(error);
  }
}
