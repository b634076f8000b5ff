#!/bin/sh
# Makes the recordings of this folder; needs flite and ffmpeg. Run it here.
set -e
say() { # name, voice, text
    flite -voice "$2" -t "$3" -o "$1.wav"
    ffmpeg -v error -y -i "$1.wav" -af highpass=f=300,lowpass=f=3400 -ar 8000 -c:a pcm_mulaw "$1_8k.wav"
}
say agent rms "Thank you for calling customer service, how can I help you today?"
say customer slt "I have paid the bill twice and I want my money back."
# One call: the agent on the left, the customer on the right, who begins two seconds after the agent ends.
ffmpeg -v error -y -i agent_8k.wav -i customer_8k.wav -filter_complex \
    "[1:a]adelay=6000[late];[0:a]apad[left];[left][late]join=inputs=2:channel_layout=stereo,atrim=end=10" \
    -ar 8000 -sample_fmt s16 call_8k.flac
ffmpeg -v error -y -i agent.wav -ar 16000 -sample_fmt s16 agent_16k.flac
ffmpeg -v error -y -i customer_8k.wav -sample_fmt s16 customer_8k.flac
# A call with a number: asked from the start on the left; on the right "It is" from 2.5 s, ten digits at 3.25-7.775 s and
# the rest behind them.
say ask slt "How can I help you today?"
say is rms "It is"
say digits rms "four one five, five five five, two six seven one."
say money rms "I want my money back."
ffmpeg -v error -y -i ask_8k.wav -i is_8k.wav -i digits_8k.wav -i money_8k.wav -filter_complex \
    "[1:a][2:a][3:a]concat=n=3:v=0:a=1,adelay=2500[late];[0:a]apad[left];[left][late]join=inputs=2:channel_layout=stereo,atrim=end=10.5" \
    -ar 8000 -sample_fmt s16 number_8k.flac
rm ./*.wav
