// Reports performed steps with dcmjs-dimse: messages on standard input, one association; what was
// answered on standard output. NODE_PATH says where the package is.
const { Client, Dataset, association, log, requests } = require('dcmjs-dimse');

const MPPS = '1.2.840.10008.3.1.2.3.3';
const RETRIEVE = '1.2.840.10008.3.1.2.3.4';
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const replies = asked.messages.map(() => null);
log.setLevel('silent');

const make = {
  'N-CREATE': ({ uid }) => new requests.NCreateRequest(MPPS, uid),
  'N-SET': ({ uid }) => new requests.NSetRequest(MPPS, uid),
  'N-GET': ({ uid }) => new requests.NGetRequest(RETRIEVE, uid),
};
const client = new Client();
[MPPS, RETRIEVE].forEach((sopClass) => {
  const context = new association.PresentationContext(0, sopClass, asked.syntax);
  client.addAdditionalPresentationContext(context, true);
});
asked.messages.forEach((message, number) => {
  const request = make[message.kind](message);
  if (message.dataset) {
    request.setDataset(new Dataset(message.dataset, asked.syntax));
  }
  request.on('response', (response) => {
    replies[number] = {
      status: response.getStatus(),
      comment: response.getErrorComment() || '',
      dataset: response.hasDataset() ? response.getDataset().getElements() : null,
    };
  });
  client.addRequest(request);
});
client.on('networkError', (error) => {
  console.error(String(error));
  process.exitCode = 1;
});
client.on('closed', () => {
  console.log(JSON.stringify(replies, (key, value) => (value === undefined ? null : value)));
});
client.send('127.0.0.1', asked.port, asked.aet, 'PORTAL', { associationLingerTimeout: 0 });
