// Sends an N-CREATE with dcmjs-dimse: what to send on standard input, the answer on standard
// output. NODE_PATH says where the package is.
const { Client, Dataset, association, log, requests } = require('dcmjs-dimse');

const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const reply = { status: null, comment: '', uid: '' };
log.setLevel('silent');

const client = new Client();
const only = new association.PresentationContext(0, asked.sopClass, asked.syntax);
client.addAdditionalPresentationContext(only, true);
const request = new requests.NCreateRequest(asked.sopClass, asked.uid);
request.setDataset(new Dataset(asked.elements, asked.syntax));
request.on('response', (response) => {
  reply.status = response.getStatus();
  reply.comment = response.getErrorComment();
  reply.uid = response.getAffectedSopInstanceUid();
});
client.addRequest(request);
client.on('networkError', (error) => {
  console.error(String(error));
  process.exitCode = 1;
});
client.on('closed', () => console.log(JSON.stringify(reply)));
client.send('127.0.0.1', asked.port, asked.aet, 'PORTAL', { associationLingerTimeout: 0 });
