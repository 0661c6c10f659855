import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';

const stream = () => new shared.StreamIdentifier().setStreamName(Buffer.from('thing-1'));

/** A batch of one event, as a client sends it. */
export const batchAppendBytes = (): Uint8Array => {
  const options = new streams.BatchAppendReq.Options();
  options.setStreamIdentifier(stream()).setStreamPosition('7');
  const message = new streams.BatchAppendReq.ProposedMessage();
  message.setId(new shared.UUID().setString('5f1f3c5e-6f0b-5a44-9a0e-6c1f0f6f7e21'));
  message.getMetadataMap().set('type', 'Happened').set('content-type', 'application/json');
  message.setData(Buffer.from('{"a":1}')).setCustomMetadata(Buffer.from('{}'));
  return new streams.BatchAppendReq()
    .setCorrelationId(new shared.UUID().setString('6f1f3c5e-6f0b-5a44-9a0e-6c1f0f6f7e21'))
    .setOptions(options)
    .setProposedMessagesList([message])
    .setIsFinal(true)
    .serializeBinary();
};

/** A filtered read of `$all`, as a client sends it. */
export const readBytes = (): Uint8Array => {
  const filter = new streams.ReadReq.Options.FilterOptions();
  const expression = new streams.ReadReq.Options.FilterOptions.Expression();
  filter.setEventType(expression.setRegex('^[^$]').setPrefixList(['a', 'b'])).setMax(32);
  filter.setCheckpointintervalmultiplier(4);
  const all = new streams.ReadReq.Options.AllOptions();
  const position = new streams.ReadReq.Options.Position();
  all.setPosition(position.setCommitPosition('18446744073709551615').setPreparePosition('1'));
  const options = new streams.ReadReq.Options();
  const uuid = new streams.ReadReq.Options.UUIDOption().setString(new shared.Empty());
  options.setAll(all).setFilter(filter).setUuidOption(uuid).setCount('10');
  return new streams.ReadReq().setOptions(options).serializeBinary();
};
